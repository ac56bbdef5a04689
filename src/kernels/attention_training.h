#pragma once

#include <cstddef>
#include <cstdint>

#include "bertqa/precision.h"
#include "kernels/aligned_buffer.h"
#include "kernels/bfloat16.h"
#include "kernels/isa.h"
#include "kernels/linear.h"

namespace bertqa {

/// One head of one window: query, key, value [T, D], rows `stride` values apart, and the
/// attention's result [T, D], rows `output_stride` apart.
template <typename T>
struct TrainedHead {
  const T* query = nullptr;
  const T* key = nullptr;
  const T* value = nullptr;
  std::size_t stride = 0;
  std::size_t output_stride = 0;
  std::size_t tokens = 0;
  std::size_t head_size = 0;
  double dropout = 0;             ///< of attention weights, in [0, 1)
  std::uint64_t dropout_key = 0;  ///< the weight of query i and key j is value first + i · T + j
  std::uint64_t dropout_first = 0;
};

/// Where a head's gradients go: rows as those of query, key and value.
template <typename T>
struct HeadGradients {
  T* query = nullptr;
  T* key = nullptr;
  T* value = nullptr;
};

/// softmax(Q · Kᵀ / √D) · V (Vaswani et al. 2017, eq. 1) with dropout and its gradient, on the
/// calling thread, with the products of `precision` and the soft-max in fp32. Weights are computed
/// again for the gradient (Dao et al. 2022, section 3.1) from the logarithm of each row's sum.
/// Keeps its memory from one head to the next; one thread at a time.
class AttentionTraining {
 public:
  /// `precision` is kFloat32 (heads of float) or kBFloat16 (heads of BFloat16).
  AttentionTraining(Precision precision, Isa isa);

  /// output [T, D]; log_sums [T]: what Backward wants.
  void Forward(const TrainedHead<float>& head, float* output, float* log_sums);
  void Forward(const TrainedHead<BFloat16>& head, BFloat16* output, float* log_sums);

  /// `output` and `log_sums` are Forward's, `output_gradient` lies as `output` does.
  void Backward(const TrainedHead<float>& head, const float* output, const float* output_gradient,
                const float* log_sums, const HeadGradients<float>& gradients);
  void Backward(const TrainedHead<BFloat16>& head, const BFloat16* output,
                const BFloat16* output_gradient, const float* log_sums,
                const HeadGradients<BFloat16>& gradients);

 private:
  /// Rows of T as an operand of a product: lines of 64 bytes, filled up with zeros.
  template <typename T>
  struct Rows {
    T* values = nullptr;
    std::size_t stride = 0;
    OperandView View(std::size_t first) const;
  };
  template <typename T>
  Rows<T> Reserve(AlignedBuffer<std::byte>& buffer, std::size_t rows, std::size_t columns) const;
  template <typename T>
  Rows<T> Copy(AlignedBuffer<std::byte>& buffer, const T* values, std::size_t stride,
               std::size_t rows, std::size_t columns) const;
  template <typename T>
  Rows<T> CopyTransposed(AlignedBuffer<std::byte>& buffer, const T* values, std::size_t stride,
                         std::size_t rows, std::size_t columns) const;
  template <typename T>
  void ForwardOf(const TrainedHead<T>& head, T* output, float* log_sums);
  template <typename T>
  void BackwardOf(const TrainedHead<T>& head, const T* output, const T* output_gradient,
                  const float* log_sums, const HeadGradients<T>& gradients);
  template <typename T>
  void SumOverQueries(const Rows<T>& left, const Rows<T>& right, const TrainedHead<T>& head,
                      T* output);

  Isa isa_;
  PackedLinear keys_;     // Kᵀ: queries to scores
  PackedLinear values_;   // V: weights to outputs; Vᵀ: gradients of outputs to those of weights
  PackedLinear columns_;  // K: gradients of scores to those of queries; and sums over queries
  AlignedBuffer<std::byte> rows_;       // the queries
  AlignedBuffer<std::byte> wanted_;     // the output's gradient
  AlignedBuffer<std::byte> weights_;    // of a block, or of all queries
  AlignedBuffer<std::byte> gradients_;  // of scores, of all queries
  AlignedBuffer<std::byte> transposed_;
  AlignedBuffer<float> scores_;
  AlignedBuffer<float> products_;
};

}  // namespace bertqa
