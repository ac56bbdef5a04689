#include "kernels/linear.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "kernels/float_tile.h"
#include "kernels/narrow_tiles.h"
#include "kernels/tile_finish.h"

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
      return FloatTileOf(linear.isa()).tile;
  }
}

/// One product, a tile of 32 outputs by a group of rows at a time. A tile is finished after the
/// next one is begun: what finishing costs then hides behind products that wait for nothing but
/// multipliers, and the tile's sums have reached memory when they are read back.
class Product {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): each product fills its sums
  Product(const OperandView& input, const PackedLinear& linear, Activation activation,
          const LinearOutput& output)
      : input_(input),
        linear_(linear),
        output_(output),
        finish_(FinishOf(linear.isa())),
        tile_kernel_(TileOf(linear)),
        activation_(activation) {}

  void Run(std::size_t rows);

 private:
  void MultiplyRows(std::size_t first_row, std::size_t end_row, std::size_t group_rows);
  std::span<const std::byte> ShareOfPanel(std::size_t column, std::size_t share,
                                          std::size_t shares) const;
  void PrefetchOutput(std::size_t row, std::size_t count, std::size_t column) const;
  TileFinish PlaceOf(std::size_t row, std::size_t column) const;
  void FinishPending();

  const OperandView& input_;
  const PackedLinear& linear_;
  const LinearOutput& output_;
  const FinishFunction finish_;
  const TileKernel tile_kernel_;
  const Activation activation_;
  TileFinish pending_;
  std::size_t pending_rows_ = 0;
  std::size_t tiles_ = 0;
  alignas(kCacheLineBytes) float sums_[2][kMaxTileRows * kPanelColumns];
};

void Product::Run(std::size_t rows) {
  // Groups of rows as even as can be: 64 rows are five of 13 or 12, not four of 14 and one of 8.
  // AMX has its own shapes for whole tiles, and a change of shape costs: whole groups first.
  const bool has_shapes = tile_kernel_.begin != nullptr;
  const std::size_t groups = (rows + tile_kernel_.max_rows - 1) / tile_kernel_.max_rows;
  const std::size_t group_rows = has_shapes ? tile_kernel_.max_rows : (rows + groups - 1) / groups;
  const std::size_t whole_rows = rows / group_rows * group_rows;
  if (has_shapes) {
    tile_kernel_.begin();
  }
  MultiplyRows(0, whole_rows, group_rows);
  MultiplyRows(whole_rows, rows, group_rows);
  FinishPending();
  if (has_shapes) {
    tile_kernel_.end();
  }
}

void Product::MultiplyRows(std::size_t first_row, std::size_t end_row, std::size_t group_rows) {
  const std::size_t groups = (end_row - first_row + group_rows - 1) / group_rows;
  for (std::size_t column = 0; column < linear_.outputs(); column += kPanelColumns) {
    for (std::size_t group = 0; group < groups; ++group) {
      const std::size_t row = first_row + group * group_rows;
      const std::size_t count = std::min(group_rows, end_row - row);
      const std::span<const std::byte> ahead = ShareOfPanel(column + kPanelColumns, group, groups);
      PrefetchOutput(row, count, column);
      tile_kernel_.multiply({.input = input_.data + row * input_.stride_bytes,
                             .stride_bytes = input_.stride_bytes,
                             .rows = count,
                             .panel = linear_.Panel(column),
                             .depth = linear_.depth(),
                             .tile = sums_[tiles_ % 2],
                             .ahead = ahead.data(),
                             .ahead_bytes = ahead.size()});
      FinishPending();
      pending_ = PlaceOf(row, column);
      pending_rows_ = count;
      ++tiles_;
    }
  }
}

/// A share of the panel that begins at `column`, for each group of rows to ask for: weights come
/// from beyond the second cache, and nothing else tells the processor that they will be needed.
std::span<const std::byte> Product::ShareOfPanel(std::size_t column, std::size_t share,
                                                 std::size_t shares) const {
  if (column >= linear_.outputs()) {
    return {};
  }
  const std::size_t lines = linear_.panel_bytes() / kCacheLineBytes;
  const std::size_t begin = lines * share / shares * kCacheLineBytes;
  const std::size_t end = lines * (share + 1) / shares * kCacheLineBytes;
  return {linear_.Panel(column) + begin, end - begin};
}

/// Asks for where a tile of floats goes, before it is computed: storing it would wait for that.
/// Narrow products are too quick for it to be a gain.
void Product::PrefetchOutput(std::size_t row, std::size_t count, std::size_t column) const {
  if (linear_.precision() != Precision::kFloat32 || output_.floats == nullptr) {
    return;
  }
  for (std::size_t index = row; index < row + count; ++index) {
    const float* const place = output_.floats + index * output_.stride + column;
    __builtin_prefetch(place, /*write=*/1, /*first cache*/ 3);
    __builtin_prefetch(place + kPanelColumns / 2, /*write=*/1, /*first cache*/ 3);
  }
}

TileFinish Product::PlaceOf(std::size_t row, std::size_t column) const {
  const bool is_int8 = linear_.precision() == Precision::kInt8;
  const std::size_t place = row * output_.stride + column;
  return {.biases = linear_.biases() + column,
          .scales = is_int8 ? linear_.scales() + column : nullptr,
          .sums = is_int8 ? linear_.sums() + column : nullptr,
          .rows = is_int8 ? input_.scales + row : nullptr,
          .activation = activation_,
          .is_narrow = linear_.precision() != Precision::kFloat32,
          .columns = std::min(kPanelColumns, linear_.outputs() - column),
          .floats = output_.floats == nullptr ? nullptr : output_.floats + place,
          .halves = output_.halves == nullptr ? nullptr : output_.halves + place,
          .stride = output_.stride};
}

void Product::FinishPending() {
  if (pending_rows_ > 0) {
    finish_(sums_[(tiles_ + 1) % 2], pending_rows_, pending_);
    pending_rows_ = 0;
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

void PackedLinear::Reshape(std::size_t inputs, std::size_t outputs) {
  inputs_ = inputs;
  outputs_ = outputs;
  depth_ = DepthOf(precision_, inputs);
  panel_bytes_ = depth_ * kPanelColumns * 4;
  const std::size_t bytes = RoundUp(outputs, kOutputStep) / kOutputStep * panel_bytes_;
  if (bytes > packed_.size()) {
    packed_ = AlignedBuffer<std::byte>(bytes);
  }
  if (RoundUp(outputs, kOutputStep) > biases_.size()) {
    biases_ = AlignedBuffer<float>(RoundUp(outputs, kOutputStep));
  }
}

void PackedLinear::SetRowsOf(const float* weights, std::size_t stride) {
  for (std::size_t first = 0; first < outputs_; first += kPanelColumns) {
    const std::size_t columns = std::min(kPanelColumns, outputs_ - first);
    auto* const panel =
        reinterpret_cast<float*>(packed_.data() + first / kPanelColumns * panel_bytes_);
    for (std::size_t input = 0; input < inputs_; ++input) {
      for (std::size_t column = 0; column < columns; ++column) {
        panel[input * kPanelColumns + column] = weights[(first + column) * stride + input];
      }
      std::fill(panel + input * kPanelColumns + columns, panel + (input + 1) * kPanelColumns, 0.0F);
    }
  }
}

void PackedLinear::SetRowsOf(const BFloat16* weights, std::size_t stride) {
  for (std::size_t first = 0; first < outputs_; first += kPanelColumns) {
    const std::size_t columns = std::min(kPanelColumns, outputs_ - first);
    auto* const panel =
        reinterpret_cast<std::uint32_t*>(packed_.data() + first / kPanelColumns * panel_bytes_);
    for (std::size_t step = 0; step < depth_; ++step) {
      std::uint32_t* const row = panel + step * kPanelColumns;
      std::fill(row, row + kPanelColumns, 0U);
      if (2 * step >= inputs_) {
        continue;
      }
      const BFloat16* const pair = weights + first * stride + 2 * step;
      const bool has_odd = 2 * step + 1 < inputs_;
      for (std::size_t column = 0; column < columns; ++column) {
        const BFloat16* const values = pair + column * stride;
        row[column] = values[0].bits | (has_odd ? std::uint32_t{values[1].bits} << 16U : 0U);
      }
    }
  }
}

void PackedLinear::SetTransposed(const float* weights, std::size_t stride) {
  if (precision_ == Precision::kBFloat16) {
    SetPairs(weights, stride);
    return;
  }
  for (std::size_t first = 0; first < outputs_; first += kPanelColumns) {
    const std::size_t columns = std::min(kPanelColumns, outputs_ - first);
    auto* const panel =
        reinterpret_cast<float*>(packed_.data() + first / kPanelColumns * panel_bytes_);
    for (std::size_t input = 0; input < inputs_; ++input) {
      float* const row = panel + input * kPanelColumns;
      std::copy_n(weights + input * stride + first, columns, row);
      std::fill(row + columns, row + kPanelColumns, 0.0F);
    }
  }
}

void PackedLinear::SetTransposed(const BFloat16* weights, std::size_t stride) {
  SetPairs(weights, stride);
}

namespace {

std::uint32_t BitsOf(BFloat16 value) {
  return value.bits;
}
std::uint32_t BitsOf(float value) {
  return ToBFloat16(value).bits;
}

/// out[i] holds even[i] and odd[i].
template <typename T>
void Pair(const T* even, const T* odd, std::size_t count, std::uint32_t* out) {
  for (std::size_t index = 0; index < count; ++index) {
    out[index] = BitsOf(even[index]) | BitsOf(odd[index]) << 16U;
  }
}

}  // namespace

template <typename T>
void PackedLinear::SetPairs(const T* weights, std::size_t stride) {
  const std::vector<T> nothing(kPanelColumns);
  for (std::size_t first = 0; first < outputs_; first += kPanelColumns) {
    const std::size_t columns = std::min(kPanelColumns, outputs_ - first);
    auto* const panel =
        reinterpret_cast<std::uint32_t*>(packed_.data() + first / kPanelColumns * panel_bytes_);
    for (std::size_t step = 0; step < depth_; ++step) {
      std::uint32_t* const row = panel + step * kPanelColumns;
      const T* const even = weights + 2 * step * stride + first;
      Pair(2 * step < inputs_ ? even : nothing.data(),
           2 * step + 1 < inputs_ ? even + stride : nothing.data(), columns, row);
      std::fill(row + columns, row + kPanelColumns, 0U);
    }
  }
}

void Multiply(const OperandView& input, std::size_t rows, const PackedLinear& linear,
              Activation activation, const LinearOutput& output) {
  if (rows > 0) {
    Product(input, linear, activation, output).Run(rows);
  }
}

}  // namespace bertqa
