#include "kernels/linear.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/narrow_tiles.h"
#include "kernels/vector_kernels.h"

namespace bertqa {
namespace {

static_assert(PackedLinear::kOutputStep == kPanelColumns);

/// Bytes of a weight, and so many of them in a step of depth.
struct Packing {
  std::size_t element_bytes;
  std::size_t elements_in_step;
};

constexpr Packing PackingOf(Precision precision) {
  switch (precision) {
    case Precision::kBFloat16:
      return {.element_bytes = 2, .elements_in_step = 2};
    case Precision::kInt8:
      return {.element_bytes = 1, .elements_in_step = 4};
    default:
      return {.element_bytes = 4, .elements_in_step = 1};
  }
}

std::size_t DepthOf(Precision precision, std::size_t inputs) {
  const Packing packing = PackingOf(precision);
  if (precision == Precision::kFloat32) {
    return inputs;
  }
  return RoundUp(inputs, kRowStepBytes / packing.element_bytes) / packing.elements_in_step;
}

TileKernel TileOf(const PackedLinear& linear) {
  switch (linear.precision()) {
    case Precision::kBFloat16:
      return BFloat16Tile(linear.isa());
    case Precision::kInt8:
      return Int8Tile(linear.isa());
    default:
      return KernelsFor(linear.isa()).tile;
  }
}

}  // namespace

PackedLinear::PackedLinear(Precision precision, Isa isa, std::size_t inputs, std::size_t outputs)
    : precision_(precision),
      isa_(isa),
      inputs_(inputs),
      outputs_(outputs),
      depth_(DepthOf(precision, inputs)),
      panel_bytes_(depth_ * kPanelColumns * 4),
      packed_(RoundUp(outputs, kOutputStep) / kOutputStep * panel_bytes_),
      biases_(RoundUp(outputs, kOutputStep)),
      scales_(precision == Precision::kInt8 ? biases_.size() : 0),
      sums_(scales_.size()) {}

void PackedLinear::SetRows(std::size_t first_output, std::size_t count, const float* weights,
                           const float* biases) {
  std::byte* const panel = packed_.data() + first_output / kOutputStep * panel_bytes_;
  for (std::size_t column = 0; column < count; ++column) {
    const float* const row = weights + column * inputs_;
    biases_.data()[first_output + column] = biases[column];
    switch (precision_) {
      case Precision::kBFloat16:
        SetBFloat16Column(reinterpret_cast<BFloat16*>(panel), column, row);
        break;
      case Precision::kInt8:
        SetInt8Column(reinterpret_cast<std::int8_t*>(panel), first_output + column, row);
        break;
      default:
        SetFloatColumn(reinterpret_cast<float*>(panel), column, row);
    }
  }
}

void PackedLinear::SetFloatColumn(float* panel, std::size_t column, const float* row) const {
  for (std::size_t input = 0; input < inputs_; ++input) {
    panel[input * kPanelColumns + column] = row[input];
  }
}

void PackedLinear::SetBFloat16Column(BFloat16* panel, std::size_t column, const float* row) const {
  for (std::size_t input = 0; input < inputs_; ++input) {
    panel[(input / 2 * kPanelColumns + column) * 2 + input % 2] = ToBFloat16(row[input]);
  }
}

/// Symmetric: ±127 is the largest magnitude of the row, so that two products of ±127 · 127 fit into
/// 16 bits.
void PackedLinear::SetInt8Column(std::int8_t* panel, std::size_t output, const float* row) {
  float largest = 0;
  float zero = 0;  // or NaN, if a weight is infinite or NaN
  for (std::size_t input = 0; input < inputs_; ++input) {
    largest = std::max(largest, std::abs(row[input]));
    zero += 0 * row[input];
  }
  const float scale = largest / 127.0F + zero;
  scales_.data()[output] = scale;
  if (!(scale >= std::numeric_limits<float>::min())) {
    return;  // the weights stay zero: the reciprocal would be infinite
  }
  const float inverse = 1.0F / scale;
  const std::size_t column = output % kOutputStep;
  std::int32_t sum = 0;
  for (std::size_t input = 0; input < inputs_; ++input) {
    const float scaled = std::clamp(row[input] * inverse, -127.0F, 127.0F);
    const auto quantised = static_cast<std::int8_t>(std::nearbyint(scaled));
    panel[(input / 4 * kPanelColumns + column) * 4 + input % 4] = quantised;
    sum += quantised;
  }
  sums_.data()[output] = static_cast<float>(sum);
}

void Multiply(const OperandView& input, std::size_t rows, const PackedLinear& linear,
              Activation activation, const LinearOutput& output) {
  if (rows == 0) {
    return;
  }
  const VectorKernels& kernels = KernelsFor(linear.isa());
  const TileKernel tile_kernel = TileOf(linear);
  const bool is_int8 = linear.precision() == Precision::kInt8;
  // Groups of rows as even as can be: 64 rows are five of 13 or 12, not four of 14 and one of 8.
  // AMX has its own shapes for whole tiles, and a change of shape costs.
  const std::size_t groups = (rows + tile_kernel.max_rows - 1) / tile_kernel.max_rows;
  const std::size_t group_rows =
      tile_kernel.begin != nullptr ? tile_kernel.max_rows : (rows + groups - 1) / groups;
  alignas(kCacheLineBytes) float tile[kMaxTileRows * kPanelColumns];
  if (tile_kernel.begin != nullptr) {
    tile_kernel.begin();
  }
  // Whole groups first, then the rest: see above.
  const std::size_t whole_rows = rows / group_rows * group_rows;
  const auto multiply_rows = [&](std::size_t first_row, std::size_t end_row) {
    for (std::size_t column = 0; column < linear.outputs(); column += kPanelColumns) {
      const std::byte* const panel = linear.Panel(column);
      for (std::size_t row = first_row; row < end_row; row += group_rows) {
        const std::size_t count = std::min(group_rows, end_row - row);
        tile_kernel.multiply(input.data + row * input.stride_bytes, input.stride_bytes, count,
                             panel, linear.depth(), tile, kPanelColumns);
        const std::size_t place = row * output.stride + column;
        kernels.finish(tile, count,
                       {.biases = linear.biases() + column,
                        .scales = is_int8 ? linear.scales() + column : nullptr,
                        .sums = is_int8 ? linear.sums() + column : nullptr,
                        .rows = is_int8 ? input.scales + row : nullptr,
                        .activation = activation,
                        .columns = std::min(kPanelColumns, linear.outputs() - column),
                        .floats = output.floats == nullptr ? nullptr : output.floats + place,
                        .halves = output.halves == nullptr ? nullptr : output.halves + place,
                        .stride = output.stride});
      }
    }
  };
  multiply_rows(0, whole_rows);
  multiply_rows(whole_rows, rows);
  if (tile_kernel.end != nullptr) {
    tile_kernel.end();
  }
}

}  // namespace bertqa
