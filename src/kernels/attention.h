#pragma once

#include <cstddef>

#include "kernels/aligned_buffer.h"
#include "kernels/bfloat16.h"
#include "kernels/isa.h"

namespace bertqa {

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
};

/// One thread's intermediate results: keys and values packed in panels, as products read them, and
/// a few rows of scores. They stay in the caches up to windows of a thousand tokens.
class AttentionScratch {
 public:
  AttentionScratch(Isa isa, std::size_t max_tokens, std::size_t head_size);

  float* keys() { return keys_.data(); }
  float* values() { return values_.data(); }
  float* queries() { return queries_.data(); }
  float* scores() { return scores_.data(); }
  float* weights() { return weights_.data(); }
  float* tile() { return tile_.data(); }

 private:
  AlignedBuffer<float> keys_;     // panels [tokens / 32][head size][32]; or half as many BFloat16
  AlignedBuffer<float> values_;   // panels [head size / 32][tokens][32]
  AlignedBuffer<float> queries_;  // [rows, head size]
  AlignedBuffer<float> scores_;   // [rows, tokens]
  AlignedBuffer<float> weights_;  // [rows, tokens] as BFloat16
  AlignedBuffer<float> tile_;     // [rows, 32]
};

/// softmax(Q · Kᵀ / √D) · V (Vaswani et al. 2017, eq. 1), every token attending to all of the
/// window, on the calling thread. Products and soft-max in fp32.
/// REQUIRES: 1 <= tokens <= max_tokens, head_size as in the scratch.
void Attend(Isa isa, const AttentionHead<float>& head, AttentionScratch& scratch);

/// The same with bfloat16 products, summed in fp32; the soft-max is fp32.
/// REQUIRES: ComputesBFloat16(isa).
void Attend(Isa isa, const AttentionHead<BFloat16>& head, AttentionScratch& scratch);

}  // namespace bertqa
