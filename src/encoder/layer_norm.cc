#include "encoder/layer_norm.h"

#include <array>
#include <cmath>

namespace bertqa {
namespace {

// Independent partial sums, which the compiler keeps in vector registers without reordering.
constexpr std::size_t kLanes = 16;

/// The sum of transform(x) over a row, always in the same order.
template <typename Transform>
float Sum(const float* row, std::size_t size, const Transform& transform) {
  std::array<float, kLanes> partial = {};
  std::size_t index = 0;
  for (; index + kLanes <= size; index += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      partial[lane] += transform(row[index + lane]);
    }
  }
  for (std::size_t lane = 0; index < size; ++index, ++lane) {
    partial[lane] += transform(row[index]);
  }
  for (std::size_t width = kLanes / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) {
      partial[lane] += partial[lane + width];
    }
  }
  return partial[0];
}

}  // namespace

void AddAndNormalise(float* values, const float* residual, std::size_t rows,
                     const LayerNorm& norm) {
  const auto size = static_cast<std::size_t>(norm.weight.numel());
  const auto* const weight = norm.weight.const_data_ptr<float>();
  const auto* const bias = norm.bias.const_data_ptr<float>();
  for (std::size_t row_index = 0; row_index < rows; ++row_index) {
    float* const row = values + row_index * size;
    if (residual != nullptr) {
      const float* const added = residual + row_index * size;
      for (std::size_t index = 0; index < size; ++index) {
        row[index] += added[index];
      }
    }
    const auto count = static_cast<float>(size);
    const float mean = Sum(row, size, [](float x) { return x; }) / count;
    const float variance =
        Sum(row, size, [mean](float x) { return (x - mean) * (x - mean); }) / count;
    const auto scale =
        static_cast<float>(1 / std::sqrt(static_cast<double>(variance) + norm.epsilon));
    for (std::size_t index = 0; index < size; ++index) {
      row[index] = (row[index] - mean) * scale * weight[index] + bias[index];
    }
  }
}

}  // namespace bertqa
