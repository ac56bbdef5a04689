#include "kernels/linear.h"

#include <algorithm>
#include <span>

#include "kernels/float_tile.h"
#include "kernels/narrow_tiles.h"
#include "kernels/tile_finish.h"

namespace bertqa {
namespace {

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
  TileFinish PlaceOfInt8(std::size_t row, std::size_t column, std::size_t part);
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
  alignas(kCacheLineBytes) float partial_[kMaxTileRows * kPanelColumns];  // of int8's groups
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
  const std::size_t parts = linear_.groups();  // of the inputs
  const bool is_int8 = linear_.precision() == Precision::kInt8;
  for (std::size_t column = 0; column < linear_.outputs(); column += kPanelColumns) {
    for (std::size_t group = 0; group < groups; ++group) {
      const std::size_t row = first_row + group * group_rows;
      const std::size_t count = std::min(group_rows, end_row - row);
      PrefetchOutput(row, count, column);
      for (std::size_t part = 0; part < parts; ++part) {
        const std::span<const std::byte> ahead =
            ShareOfPanel(column + kPanelColumns, group * parts + part, groups * parts);
        const std::size_t step = part * linear_.group_depth();
        tile_kernel_.multiply({.input = input_.data + row * input_.stride_bytes + step * 4,
                               .stride_bytes = input_.stride_bytes,
                               .rows = count,
                               .panel = linear_.Panel(column) + step * kPanelColumns * 4,
                               .depth = std::min(linear_.group_depth(), linear_.depth() - step),
                               .tile = sums_[tiles_ % 2],
                               .ahead = ahead.data(),
                               .ahead_bytes = ahead.size()});
        FinishPending();
        pending_ = is_int8 ? PlaceOfInt8(row, column, part) : PlaceOf(row, column);
        pending_rows_ = count;
        ++tiles_;
      }
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
  const std::size_t place = row * output_.stride + column;
  return {.biases = linear_.biases() + column,
          .activation = activation_,
          .is_narrow = linear_.precision() != Precision::kFloat32,
          .columns = std::min(kPanelColumns, linear_.outputs() - column),
          .floats = output_.floats == nullptr ? nullptr : output_.floats + place,
          .halves = output_.halves == nullptr ? nullptr : output_.halves + place,
          .stride = output_.stride};
}

/// A group of inputs: all but the last go to partial_, all but the first come on top of it.
TileFinish Product::PlaceOfInt8(std::size_t row, std::size_t column, std::size_t part) {
  TileFinish finish = PlaceOf(row, column);
  finish.scales = linear_.scales(part) + column;
  finish.sums = linear_.sums(part) + column;
  finish.rows = input_.scales + row * input_.groups + part;
  finish.rows_stride = input_.groups;
  finish.partial = part > 0 ? partial_ : nullptr;
  if (part + 1 < linear_.groups()) {
    finish.activation = Activation::kNone;
    finish.columns = kPanelColumns;
    finish.floats = partial_;
    finish.halves = nullptr;
    finish.stride = kPanelColumns;
  }
  return finish;
}

void Product::FinishPending() {
  if (pending_rows_ > 0) {
    finish_(sums_[(tiles_ + 1) % 2], pending_rows_, pending_);
    pending_rows_ = 0;
  }
}

}  // namespace

void Multiply(const OperandView& input, std::size_t rows, const PackedLinear& linear,
              Activation activation, const LinearOutput& output) {
  if (rows > 0) {
    Product(input, linear, activation, output).Run(rows);
  }
}

void MultiplyInBlocks(const OperandView& input, std::size_t rows, const PackedLinear& linear,
                      const LinearOutput& output, std::size_t block_rows) {
  for (std::size_t row = 0; row < rows; row += block_rows) {
    OperandView block = input;
    block.data += row * input.stride_bytes;
    block.scales = input.scales == nullptr ? nullptr : input.scales + row * input.groups;
    LinearOutput place = output;
    place.floats = output.floats == nullptr ? nullptr : output.floats + row * output.stride;
    place.halves = output.halves == nullptr ? nullptr : output.halves + row * output.stride;
    Multiply(block, std::min(block_rows, rows - row), linear, Activation::kNone, place);
  }
}

}  // namespace bertqa
