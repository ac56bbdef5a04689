#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>

#include "kernels/aligned_buffer.h"
#include "kernels/bfloat16.h"
#include "kernels/isa.h"
#include "kernels/position_scores.h"

namespace bertqa {

/// What is added to the scores of one head, before the soft-max: a number for each distance from a
/// query to a key (Raffel et al. 2020, section 2.1). Read by any number of threads.
class DistanceBias {
 public:
  /// `of_distance` [2 · max_tokens - 1]: of key - query = 1 - max_tokens first.
  explicit DistanceBias(std::span<const float> of_distance);

  /// [distance], from 1 - max_tokens on, in the unit of the kernels' scores; behind the last one
  /// there is room for a vector's reading.
  const float* centre() const { return values_.data() + max_tokens_ - 1; }
  /// The largest magnitude, in that unit.
  float largest() const { return largest_; }

 private:
  std::size_t max_tokens_;
  AlignedBuffer<float> values_;
  float largest_ = 0;
};

/// Every token sees every other.
inline constexpr std::size_t kWholeWindow = std::numeric_limits<std::size_t>::max();

/// One head of one window: q, k, v [tokens, head_size], rows `stride` values apart, and where
/// the result goes, rows `output_stride` apart.
template <typename T>
struct AttentionHead {
  const T* query = nullptr;
  const T* key = nullptr;
  const T* value = nullptr;
  std::size_t stride = 0;
  T* output = nullptr;
  std::size_t output_stride = 0;
  std::size_t tokens = 0;
  std::size_t head_size = 0;
  /// Null: nothing is added. REQUIRES: null for bfloat16 and where `reach` is shorter than the
  /// window; as many tokens as its max_tokens or fewer.
  const DistanceBias* bias = nullptr;
  /// A query sees the keys that are at most so many tokens away on either side (sliding windows,
  /// Beltagy et al. 2020, section 3.1). The work is that of this band, not of the whole window.
  std::size_t reach = kWholeWindow;
  /// Null: nothing is added. REQUIRES: null for bfloat16, where there is a bias, and where `reach`
  /// is shorter than the window; AttentionScratch::HoldPositions was called for it.
  const PositionTerms* positions = nullptr;
  /// Scores are divided by √(D · score_terms): by how many products they are the sum of (He et al.
  /// 2021, eq. 4). REQUIRES: 1 for bfloat16.
  std::size_t score_terms = 1;
};

/// One thread's intermediate results (attention_layout.h): the keys and values of a window as the
/// products read them, and what belongs to some rows of queries. Scores are never kept: only the
/// first two grow with the window.
class AttentionScratch {
 public:
  AttentionScratch(Isa isa, std::size_t max_tokens, std::size_t head_size);

  float* keys() { return keys_.data(); }
  float* values() { return values_.data(); }
  float* queries() { return queries_.data(); }
  float* weights() { return weights_.data(); }
  float* outputs() { return outputs_.data(); }
  float* sums() { return sums_.data(); }
  float* shifts() { return shifts_.data(); }

  /// Makes room for PositionTerms.
  void HoldPositions(std::size_t max_tokens, std::size_t table_rows) {
    positions_.emplace(max_tokens, table_rows);
  }
  /// REQUIRES: HoldPositions was called.
  PositionScratch& positions() { return *positions_; }

 private:
  AlignedBuffer<float> keys_;
  AlignedBuffer<float> values_;
  AlignedBuffer<float> queries_;
  AlignedBuffer<float> weights_;
  AlignedBuffer<float> outputs_;
  AlignedBuffer<float> sums_;
  AlignedBuffer<float> shifts_;
  std::optional<PositionScratch> positions_;
};

/// softmax(Q · Kᵀ / √D + what is added) · V (Vaswani et al. 2017, eq. 1), every token attending to
/// all of the window that it sees, on the calling thread. Products and soft-max in fp32. Nothing is
/// allocated. REQUIRES: 1 <= tokens <= max_tokens, head_size as in the scratch.
void Attend(Isa isa, const AttentionHead<float>& head, AttentionScratch& scratch);

/// The same with bfloat16 products, summed in fp32; the soft-max is fp32, its weights are rounded
/// to bfloat16 and divided by the sum of the rounded ones.
/// REQUIRES: ComputesBFloat16(isa). With kAmx it leaves the thread's tile registers released.
void Attend(Isa isa, const AttentionHead<BFloat16>& head, AttentionScratch& scratch);

/// What scores are multiplied by, so that the soft-max takes powers of 2: log2(e) / √(D · terms).
float ScoreFactor(std::size_t head_size, std::size_t score_terms);

}  // namespace bertqa
