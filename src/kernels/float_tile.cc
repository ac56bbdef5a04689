#include "kernels/float_tile.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float_tile.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/isa_table.h"
#include "kernels/row_cursor.h"
#include "kernels/rows_table.h"
#include "kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

/// Two vectors of columns and so many rows that the sums fill the registers: 14 · 2 of 32 with
/// AVX-512, 6 · 2 of 16 else; the rest hold two vectors of the panel and one element of the input.
constexpr std::size_t kColumns = 2 * kLanes;
constexpr std::size_t kRows = HWY_TARGET <= HWY_AVX3 ? 14 : 6;

/// Adds the products of the step `Step` from where `input` and `panel` are.
template <std::size_t Rows, std::size_t Step>
HWY_INLINE void AddStep(const RowCursor<Rows>& input, const float* panel, Vector (&sums)[Rows][2]) {
  const Vector left = hn::Load(kFloats, panel + Step * kPanelColumns);
  const Vector right = hn::Load(kFloats, panel + Step * kPanelColumns + kLanes);
#pragma GCC unroll 16
  for (std::size_t row = 0; row < Rows; ++row) {
    const Vector value = hn::Set(kFloats, reinterpret_cast<const float*>(input.At(row))[Step]);
    sums[row][0] = hn::MulAdd(value, left, sums[row][0]);
    sums[row][1] = hn::MulAdd(value, right, sums[row][1]);
  }
}

template <std::size_t Rows>
void MultiplyColumns(const TileProduct& product, std::size_t column, Prefetcher prefetcher) {
  RowCursor<Rows> input(product.input, product.stride_bytes);
  const float* panel = reinterpret_cast<const float*>(product.panel) + column;
  Vector sums[Rows][2];
#pragma GCC unroll 16
  for (auto& row : sums) {
    row[0] = hn::Zero(kFloats);
    row[1] = hn::Zero(kFloats);
  }
  std::size_t index = 0;
  // Four steps a turn: counting and moving pointers takes turns from what multiplies.
  for (; index + 4 <= product.depth; index += 4) {
    prefetcher.Turn();
    AddStep<Rows, 0>(input, panel, sums);
    AddStep<Rows, 1>(input, panel, sums);
    AddStep<Rows, 2>(input, panel, sums);
    AddStep<Rows, 3>(input, panel, sums);
    input.Advance(4 * sizeof(float));
    panel += 4 * kPanelColumns;
  }
  for (; index < product.depth; ++index) {
    AddStep<Rows, 0>(input, panel, sums);
    input.Advance(sizeof(float));
    panel += kPanelColumns;
  }
  float* const tile = static_cast<float*>(product.tile) + column;
#pragma GCC unroll 16
  for (std::size_t row = 0; row < Rows; ++row) {
    hn::StoreU(sums[row][0], kFloats, tile + row * kPanelColumns);
    hn::StoreU(sums[row][1], kFloats, tile + row * kPanelColumns + kLanes);
  }
}

template <std::size_t Rows>
void MultiplyPanel(const TileProduct& product) {
  MultiplyColumns<Rows>(product, 0, Prefetcher(product, product.depth / 4 + 1));
  for (std::size_t column = kColumns; column < kPanelColumns; column += kColumns) {
    MultiplyColumns<Rows>(product, column, Prefetcher({}, 1));
  }
}

void MultiplyTile(const TileProduct& product) {
  static constexpr auto kFunctions =
      TableByRows<kRows>([](auto rows) { return &MultiplyPanel<rows>; });
  kFunctions[product.rows - 1](product);
}

/// kRows · 2 · kLanes multiply-adds a round, nothing but registers. No two sums begin alike and
/// their beginnings are no constants, or the compiler computes one for all.
void Spin(std::size_t rounds) {
  volatile float one = 1;
  const Vector factor = hn::Set(kFloats, one);
  Vector sums[kRows][2];
  for (std::size_t row = 0; row < kRows; ++row) {
    sums[row][0] = hn::Mul(factor, hn::Set(kFloats, static_cast<float>(row)));
    sums[row][1] = hn::Sub(sums[row][0], factor);
  }
  for (std::size_t round = 0; round < rounds; ++round) {
    for (auto& row : sums) {
      row[0] = hn::MulAdd(row[0], factor, factor);
      row[1] = hn::MulAdd(row[1], factor, factor);
    }
  }
  Vector total = hn::Zero(kFloats);
  for (const auto& row : sums) {
    total = hn::Add(total, hn::Add(row[0], row[1]));
  }
  one = hn::GetLane(hn::SumOfLanes(kFloats, total));  // else the loop is dead code
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
FloatTileFunctions GetFloatTile() {
  return {.tile = {.multiply = &MultiplyTile, .max_rows = kRows},
          .spin = &Spin,
          .spin_operations = 2.0 * kRows * kColumns};
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {

HWY_EXPORT(GetFloatTile);

const FloatTileFunctions& FloatTileOf(Isa isa) {
  static const IsaTable<FloatTileFunctions> table(
      [] { return HWY_DYNAMIC_DISPATCH(GetFloatTile)(); });
  return table.For(isa);
}

}  // namespace bertqa

#endif  // HWY_ONCE
