#include "kernels/weight_gradient.h"

#include <algorithm>
#include <cstring>

#include "kernels/narrow_tiles.h"

namespace bertqa {
namespace {

/// In blocks, so that a block's lines are read and written while they are in the first cache.
template <typename T>
void TransposeOf(const T* values, std::size_t rows, std::size_t columns, T* output,
                 std::size_t output_stride) {
  constexpr std::size_t kBlock = 32;
  for (std::size_t first_row = 0; first_row < rows; first_row += kBlock) {
    const std::size_t end_row = std::min(first_row + kBlock, rows);
    for (std::size_t first_column = 0; first_column < columns; first_column += kBlock) {
      const std::size_t end_column = std::min(first_column + kBlock, columns);
      for (std::size_t column = first_column; column < end_column; ++column) {
        for (std::size_t row = first_row; row < end_row; ++row) {
          output[column * output_stride + row] = values[row * columns + column];
        }
      }
    }
  }
}

}  // namespace

WeightGradient::WeightGradient(Precision precision, Isa isa) : panels_(precision, isa, 0, 0) {}

template <typename T>
void WeightGradient::ComputeOf(const T* output_gradient, const T* input, const Shape& shape,
                               float* gradient) {
  const std::size_t row_bytes = RoundUp(shape.tokens * sizeof(T), kRowStepBytes);
  const std::size_t stride = row_bytes / sizeof(T);
  if (shape.outputs * row_bytes > transposed_.size()) {
    transposed_ = AlignedBuffer<std::byte>(shape.outputs * row_bytes);
  }
  auto* const rows = reinterpret_cast<T*>(transposed_.data());
  Transpose(output_gradient, shape.tokens, shape.outputs, rows, stride);
  for (std::size_t row = 0; row < shape.outputs; ++row) {
    std::memset(static_cast<void*>(rows + row * stride + shape.tokens), 0,
                row_bytes - shape.tokens * sizeof(T));
  }
  panels_.Reshape(shape.tokens, shape.inputs);
  panels_.SetTransposed(input, shape.inputs);
  Multiply({.data = transposed_.data(), .stride_bytes = row_bytes}, shape.outputs, panels_,
           Activation::kNone, {.floats = gradient, .stride = shape.inputs});
}

void WeightGradient::Compute(const float* output_gradient, const float* input, const Shape& shape,
                             float* gradient) {
  ComputeOf(output_gradient, input, shape, gradient);
}

void WeightGradient::Compute(const BFloat16* output_gradient, const BFloat16* input,
                             const Shape& shape, float* gradient) {
  ComputeOf(output_gradient, input, shape, gradient);
}

void Transpose(const float* values, std::size_t rows, std::size_t columns, float* output,
               std::size_t output_stride) {
  TransposeOf(values, rows, columns, output, output_stride);
}

void Transpose(const BFloat16* values, std::size_t rows, std::size_t columns, BFloat16* output,
               std::size_t output_stride) {
  TransposeOf(values, rows, columns, output, output_stride);
}

}  // namespace bertqa
