#pragma once

#include <cstddef>

#include "bertqa/precision.h"
#include "kernels/aligned_buffer.h"
#include "kernels/bfloat16.h"
#include "kernels/isa.h"
#include "kernels/linear.h"

namespace bertqa {

/// The gradient of a linear layer's weights: a product over the tokens, with the kernels of the
/// forward pass. Keeps its memory from one product to the next; one thread at a time.
class WeightGradient {
 public:
  /// `precision` is kFloat32 or kBFloat16.
  WeightGradient(Precision precision, Isa isa);

  struct Shape {
    std::size_t tokens = 0;
    std::size_t outputs = 0;
    std::size_t inputs = 0;
  };

  /// gradient [outputs, inputs] = output_gradientᵀ [outputs, tokens] · input [tokens, inputs], all
  /// contiguous, summed in fp32. REQUIRES: T is what `precision` says.
  void Compute(const float* output_gradient, const float* input, const Shape& shape,
               float* gradient);
  void Compute(const BFloat16* output_gradient, const BFloat16* input, const Shape& shape,
               float* gradient);

 private:
  template <typename T>
  void ComputeOf(const T* output_gradient, const T* input, const Shape& shape, float* gradient);

  PackedLinear panels_;                  // the input
  AlignedBuffer<std::byte> transposed_;  // the output's gradient
};

/// output [columns, rows], rows `output_stride` apart, is the transpose of values [rows, columns].
void Transpose(const float* values, std::size_t rows, std::size_t columns, float* output,
               std::size_t output_stride);
void Transpose(const BFloat16* values, std::size_t rows, std::size_t columns, BFloat16* output,
               std::size_t output_stride);

}  // namespace bertqa
