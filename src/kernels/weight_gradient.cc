#include "kernels/weight_gradient.h"

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "kernels/narrow_tiles.h"

namespace bertqa {
namespace {

constexpr std::size_t kBlock = 32;  // rows and columns whose lines stay in the first cache

/// A corner of a matrix, an element at a time.
template <typename T>
void TransposeCorner(const T* values, std::size_t stride, std::size_t rows, std::size_t columns,
                     T* output, std::size_t output_stride) {
  for (std::size_t column = 0; column < columns; ++column) {
    for (std::size_t row = 0; row < rows; ++row) {
      output[column * output_stride + row] = values[row * stride + column];
    }
  }
}

/// output [kBlock, kBlock] is the transpose of values [kBlock, kBlock].
void TransposeBlock(const float* values, std::size_t stride, float* output,
                    std::size_t output_stride) {
  TransposeCorner(values, stride, kBlock, kBlock, output, output_stride);
}

#if defined(__SSE2__)

/// Eight rows of eight: neighbours are interleaved as 16, 32 and 64 bits in turn.
void TransposeEights(const BFloat16* values, std::size_t stride, BFloat16* output,
                     std::size_t output_stride) {
  __m128i rows[8];
  for (std::size_t row = 0; row < 8; ++row) {
    rows[row] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values + row * stride));
  }
  __m128i pairs[8];
  for (std::size_t row = 0; row < 4; ++row) {
    pairs[row] = _mm_unpacklo_epi16(rows[2 * row], rows[2 * row + 1]);
    pairs[row + 4] = _mm_unpackhi_epi16(rows[2 * row], rows[2 * row + 1]);
  }
  __m128i fours[8];
  for (std::size_t half = 0; half < 8; half += 4) {
    fours[half] = _mm_unpacklo_epi32(pairs[half], pairs[half + 1]);
    fours[half + 1] = _mm_unpackhi_epi32(pairs[half], pairs[half + 1]);
    fours[half + 2] = _mm_unpacklo_epi32(pairs[half + 2], pairs[half + 3]);
    fours[half + 3] = _mm_unpackhi_epi32(pairs[half + 2], pairs[half + 3]);
  }
  for (std::size_t half = 0; half < 8; half += 4) {
    for (std::size_t part = 0; part < 2; ++part) {
      const __m128i lower = _mm_unpacklo_epi64(fours[half + part], fours[half + part + 2]);
      const __m128i upper = _mm_unpackhi_epi64(fours[half + part], fours[half + part + 2]);
      BFloat16* const place = output + (half + 2 * part) * output_stride;
      _mm_storeu_si128(reinterpret_cast<__m128i*>(place), lower);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(place + output_stride), upper);
    }
  }
}

void TransposeBlock(const BFloat16* values, std::size_t stride, BFloat16* output,
                    std::size_t output_stride) {
  for (std::size_t column = 0; column < kBlock; column += 8) {
    for (std::size_t row = 0; row < kBlock; row += 8) {
      TransposeEights(values + row * stride + column, stride, output + column * output_stride + row,
                      output_stride);
    }
  }
}

#else

void TransposeBlock(const BFloat16* values, std::size_t stride, BFloat16* output,
                    std::size_t output_stride) {
  TransposeCorner(values, stride, kBlock, kBlock, output, output_stride);
}

#endif

template <typename T>
void TransposeOf(const T* values, std::size_t rows, std::size_t columns, T* output,
                 std::size_t output_stride) {
  for (std::size_t row = 0; row < rows; row += kBlock) {
    for (std::size_t column = 0; column < columns; column += kBlock) {
      const T* const from = values + row * columns + column;
      T* const into = output + column * output_stride + row;
      if (row + kBlock <= rows && column + kBlock <= columns) {
        TransposeBlock(from, columns, into, output_stride);
      } else {
        TransposeCorner(from, columns, std::min(kBlock, rows - row),
                        std::min(kBlock, columns - column), into, output_stride);
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
  constexpr std::size_t kBlockRows = 128;
  MultiplyInBlocks({.data = transposed_.data(), .stride_bytes = row_bytes}, shape.outputs, panels_,
                   {.floats = gradient, .stride = shape.inputs}, kBlockRows);
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
