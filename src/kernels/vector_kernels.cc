#include "kernels/vector_kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "kernels/aligned_buffer.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/highway_table.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Ints = hn::RebindToSigned<Floats>;
using Vector = hn::Vec<Floats>;
constexpr Floats kFloats;
constexpr Ints kInts;
constexpr std::size_t kLanes = hn::MaxLanes(kFloats);

/// Two vectors of columns and so many rows that the sums fill the registers: 14 · 2 of 32 with
/// AVX-512, 6 · 2 of 16 else; the rest hold two vectors of the panel and one element of the input.
constexpr std::size_t kColumns = 2 * kLanes;
constexpr std::size_t kRows = HWY_TARGET <= HWY_AVX3 ? 14 : 6;

template <std::size_t Rows>
void MultiplyColumns(const float* input, std::size_t stride, const float* panel, std::size_t depth,
                     float* tile, std::size_t tile_stride) {
  Vector sums[Rows][2];
  for (std::size_t row = 0; row < Rows; ++row) {
    sums[row][0] = hn::Zero(kFloats);
    sums[row][1] = hn::Zero(kFloats);
  }
  for (std::size_t index = 0; index < depth; ++index) {
    const Vector left = hn::Load(kFloats, panel + index * kPanelColumns);
    const Vector right = hn::Load(kFloats, panel + index * kPanelColumns + kLanes);
    for (std::size_t row = 0; row < Rows; ++row) {
      const Vector value = hn::Set(kFloats, input[row * stride + index]);
      sums[row][0] = hn::MulAdd(value, left, sums[row][0]);
      sums[row][1] = hn::MulAdd(value, right, sums[row][1]);
    }
  }
  for (std::size_t row = 0; row < Rows; ++row) {
    hn::StoreU(sums[row][0], kFloats, tile + row * tile_stride);
    hn::StoreU(sums[row][1], kFloats, tile + row * tile_stride + kLanes);
  }
}

template <std::size_t Rows>
void MultiplyPanel(const std::byte* input, std::size_t stride_bytes, const std::byte* panel,
                   std::size_t depth, void* tile, std::size_t tile_stride) {
  for (std::size_t column = 0; column < kPanelColumns; column += kColumns) {
    MultiplyColumns<Rows>(reinterpret_cast<const float*>(input), stride_bytes / sizeof(float),
                          reinterpret_cast<const float*>(panel) + column, depth,
                          static_cast<float*>(tile) + column, tile_stride);
  }
}

void MultiplyTile(const std::byte* input, std::size_t stride_bytes, std::size_t rows,
                  const std::byte* panel, std::size_t depth, void* tile, std::size_t tile_stride) {
  using Function =
      void (*)(const std::byte*, std::size_t, const std::byte*, std::size_t, void*, std::size_t);
  static constexpr auto kFunctions = []<std::size_t... Index>(std::index_sequence<Index...>) {
    return std::array<Function, sizeof...(Index)>{&MultiplyPanel<Index + 1>...};
  }(std::make_index_sequence<kRows>());
  kFunctions[rows - 1](input, stride_bytes, panel, depth, tile, tile_stride);
}

// --- Functions of a vector ---

/// 1 / x for x far from zero and infinity, to about 1e-7.
Vector Reciprocal(Vector x) {
#if HWY_ARCH_X86
  const Vector guess = hn::ApproximateReciprocal(x);
  return hn::MulAdd(guess, hn::NegMulAdd(guess, x, hn::Set(kFloats, 1.0F)), guess);
#else
  return hn::Div(hn::Set(kFloats, 1.0F), x);
#endif
}

template <std::size_t Count>
Vector Polynomial(Vector x, const float (&coefficients)[Count]) {
  Vector value = hn::Set(kFloats, coefficients[0]);
  for (std::size_t index = 1; index < Count; ++index) {
    value = hn::MulAdd(value, x, hn::Set(kFloats, coefficients[index]));
  }
  return value;
}

/// 2^x for x <= 0, to 1e-7; 2^-126 and below is about 0. Range reduction by rounding to the nearest
/// integer; a polynomial on [-1/2, 1/2]; the exponent added as an integer.
Vector Exp2(Vector x) {
  const Vector clamped = hn::Max(x, hn::Set(kFloats, -126.0F));
  const auto whole = hn::NearestInt(clamped);
  const Vector rest = hn::Sub(clamped, hn::ConvertTo(kFloats, whole));
  static constexpr float kCoefficients[] = {1.5403530e-4F, 1.3333558e-3F, 9.6181291e-3F,
                                            5.5504109e-2F, 2.4022651e-1F, 6.9314718e-1F,
                                            1.0F};
  const Vector value = Polynomial(rest, kCoefficients);
  return hn::BitCast(kFloats, hn::Add(hn::BitCast(kInts, value), hn::ShiftLeft<23>(whole)));
}

/// erf(x) as x · P(x²) / Q(x²) on [-4, 4] (beyond, it is ±1 in float), to 4e-7.
Vector Erf(Vector x) {
  const Vector limit = hn::Set(kFloats, 4.0F);
  const Vector clamped = hn::Min(hn::Max(x, hn::Neg(limit)), limit);
  const Vector square = hn::Mul(clamped, clamped);
  static constexpr float kNumerator[] = {-2.72614225801306e-10F, 2.77068142495902e-08F,
                                         -2.10102402082508e-06F, -5.69250639462346e-05F,
                                         -7.34990630326855e-04F, -2.95459980854025e-03F,
                                         -1.60960333262415e-02F};
  static constexpr float kDenominator[] = {-1.45660718464996e-05F, -2.13374055278905e-04F,
                                           -1.68282697438203e-03F, -7.37332916720468e-03F,
                                           -1.42647390514189e-02F};
  return hn::Mul(hn::Mul(clamped, Polynomial(square, kNumerator)),
                 Reciprocal(Polynomial(square, kDenominator)));
}

template <Activation kActivation>
Vector Activate(Vector x) {
  const Vector half = hn::Set(kFloats, 0.5F);
  if constexpr (kActivation == Activation::kGelu) {
    const Vector scaled = hn::Mul(x, hn::Set(kFloats, 0.70710678F));
    const Vector half_x = hn::Mul(x, half);
    return hn::MulAdd(half_x, Erf(scaled), half_x);
  } else if constexpr (kActivation == Activation::kGeluNew) {
    // x · (1 + tanh(u)) / 2 = x / (1 + e^-2u), u = √(2/π) · (x + 0.044715 x³)
    const Vector cube = hn::Mul(hn::Mul(x, x), x);
    const Vector sum = hn::MulAdd(cube, hn::Set(kFloats, 0.044715F), x);
    const Vector power = hn::Mul(sum, hn::Set(kFloats, 2 * 0.79788456F * 1.44269504F));  // of 2
    const Vector decayed = Exp2(hn::Neg(hn::Abs(power)));
    const Vector share = Reciprocal(hn::Add(hn::Set(kFloats, 1.0F), decayed));
    const auto is_negative = hn::Lt(power, hn::Zero(kFloats));
    return hn::Mul(x, hn::IfThenElse(is_negative, hn::Mul(decayed, share), share));
  } else if constexpr (kActivation == Activation::kRelu) {
    return hn::Max(x, hn::Zero(kFloats));
  } else {
    return x;
  }
}

/// Rounds to nearest, ties to even.
void StoreNarrow(Vector values, BFloat16* output, std::size_t count) {
  const auto bits = hn::BitCast(kInts, values);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(kInts, 1));
  const auto rounded = hn::Add(hn::Add(bits, hn::Set(kInts, 0x7FFF)), odd);
  const hn::Rebind<std::uint32_t, Floats> unsigneds;
  const hn::Rebind<std::uint16_t, Floats> shorts;
  const auto upper = hn::BitCast(kInts, hn::ShiftRight<16>(hn::BitCast(unsigneds, rounded)));
  const auto narrow = hn::DemoteTo(shorts, upper);
  auto* const target = reinterpret_cast<std::uint16_t*>(output);
  if (count >= kLanes) {
    hn::StoreU(narrow, shorts, target);
  } else {
    alignas(64) std::uint16_t buffer[kLanes];
    hn::Store(narrow, shorts, buffer);
    std::copy_n(buffer, count, target);
  }
}

/// The first `count` values, then zeros. Through a buffer: a masked load may read beyond them where
/// the instruction set has no masks.
Vector LoadFirst(const float* values, std::size_t count) {
  if (count >= kLanes) {
    return hn::LoadU(kFloats, values);
  }
  alignas(64) float buffer[kLanes] = {};
  std::copy_n(values, count, buffer);
  return hn::Load(kFloats, buffer);
}

void StoreFirst(Vector values, float* output, std::size_t count) {
  if (count >= kLanes) {
    hn::StoreU(values, kFloats, output);
  } else {
    alignas(64) float buffer[kLanes];
    hn::Store(values, kFloats, buffer);
    std::copy_n(buffer, count, output);
  }
}

// --- What becomes of a tile ---

/// activation(sums + bias), the sums of int8 read back first:
/// Σ (scale · q + minimum) · (w_scale · w) = w_scale · (scale · Σ q w + minimum · Σ w).
template <Activation kActivation, bool kIsInt8>
Vector FinishVector(const void* tile, std::size_t offset, const TileFinish& finish, std::size_t row,
                    std::size_t column) {
  const Vector bias = hn::Load(kFloats, finish.biases + column);
  if constexpr (kIsInt8) {
    const auto sums = hn::LoadU(kInts, static_cast<const std::int32_t*>(tile) + offset);
    const Vector scaled =
        hn::Mul(hn::ConvertTo(kFloats, sums), hn::Set(kFloats, finish.rows[row].scale));
    const Vector whole = hn::MulAdd(hn::Load(kFloats, finish.sums + column),
                                    hn::Set(kFloats, finish.rows[row].minimum), scaled);
    return Activate<kActivation>(
        hn::MulAdd(whole, hn::Load(kFloats, finish.scales + column), bias));
  } else {
    const Vector sums = hn::LoadU(kFloats, static_cast<const float*>(tile) + offset);
    return Activate<kActivation>(hn::Add(sums, bias));
  }
}

template <Activation kActivation, bool kIsInt8>
void FinishRows(const void* tile, std::size_t rows, const TileFinish& finish) {
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < finish.columns; column += kLanes) {
      const Vector values = FinishVector<kActivation, kIsInt8>(tile, row * kPanelColumns + column,
                                                               finish, row, column);
      const std::size_t place = row * finish.stride + column;
      if (finish.halves != nullptr) {
        StoreNarrow(values, finish.halves + place, finish.columns - column);
      } else {
        StoreFirst(values, finish.floats + place, finish.columns - column);
      }
    }
  }
}

template <Activation kActivation>
void FinishActivated(const void* tile, std::size_t rows, const TileFinish& finish) {
  if (finish.scales != nullptr) {
    FinishRows<kActivation, true>(tile, rows, finish);
  } else {
    FinishRows<kActivation, false>(tile, rows, finish);
  }
}

void Finish(const void* tile, std::size_t rows, const TileFinish& finish) {
  switch (finish.activation) {
    case Activation::kNone:
      return FinishActivated<Activation::kNone>(tile, rows, finish);
    case Activation::kGelu:
      return FinishActivated<Activation::kGelu>(tile, rows, finish);
    case Activation::kGeluNew:
      return FinishActivated<Activation::kGeluNew>(tile, rows, finish);
    case Activation::kRelu:
      return FinishActivated<Activation::kRelu>(tile, rows, finish);
  }
}

// --- Conversions of rows ---

/// The scale and the minimum of a row, both of them NaN if a value is infinite or NaN: minima and
/// maxima of vectors may pass over a NaN.
RowScale ScaleOf(const float* values, std::size_t count, float largest) {
  Vector low = hn::Set(kFloats, values[0]);
  Vector high = low;
  Vector nothing = hn::Zero(kFloats);
  std::size_t index = 0;
  for (; index + kLanes <= count; index += kLanes) {
    const Vector part = hn::LoadU(kFloats, values + index);
    low = hn::Min(low, part);
    high = hn::Max(high, part);
    nothing = hn::MulAdd(part, hn::Zero(kFloats), nothing);
  }
  float minimum = hn::GetLane(hn::MinOfLanes(kFloats, low));
  float maximum = hn::GetLane(hn::MaxOfLanes(kFloats, high));
  float zero = hn::GetLane(hn::SumOfLanes(kFloats, nothing));
  for (; index < count; ++index) {
    minimum = std::min(minimum, values[index]);
    maximum = std::max(maximum, values[index]);
    zero += 0 * values[index];
  }
  const float scale = (maximum - minimum) / largest;
  // The reciprocal of less would be infinite.
  const bool is_constant = scale < std::numeric_limits<float>::min();
  return {.scale = (is_constant ? 0 : scale) + zero, .minimum = minimum + zero};
}

RowScale Quantise(const float* values, std::size_t count, float largest, std::uint8_t* output) {
  const RowScale result = ScaleOf(values, count, largest);
  const Vector minimum = hn::Set(kFloats, result.minimum);
  const Vector inverse = hn::Set(kFloats, result.scale > 0 ? 1.0F / result.scale : 0.0F);
  const Vector limit = hn::Set(kFloats, largest);
  const hn::Rebind<std::uint8_t, Floats> bytes;
  for (std::size_t index = 0; index < count; index += kLanes) {
    const std::size_t left = count - index;
    const Vector shifted = hn::Sub(LoadFirst(values + index, left), minimum);
    const auto scaled = hn::NearestInt(hn::Min(hn::Mul(shifted, inverse), limit));
    if (left >= kLanes) {
      hn::StoreU(hn::DemoteTo(bytes, scaled), bytes, output + index);
    } else {
      alignas(16) std::uint8_t buffer[kLanes];
      hn::Store(hn::DemoteTo(bytes, scaled), bytes, buffer);
      std::copy_n(buffer, left, output + index);
    }
  }
  return result;
}

void Narrow(const float* values, std::size_t count, BFloat16* output) {
  for (std::size_t index = 0; index < count; index += kLanes) {
    StoreNarrow(LoadFirst(values + index, count - index), output + index, count - index);
  }
}

/// Calls `widen` for whole vectors, and for the rest through a buffer that is filled with zeros.
template <typename Stored, typename Function>
void WidenWith(const Stored* values, std::size_t count, float* output, const Function& widen) {
  std::size_t index = 0;
  for (; index + kLanes <= count; index += kLanes) {
    hn::StoreU(widen(&values[index].bits), kFloats, output + index);
  }
  if (index < count) {
    alignas(64) std::uint16_t buffer[kLanes] = {};
    alignas(64) float wide[kLanes];
    std::memcpy(buffer, values + index, (count - index) * sizeof(Stored));
    hn::Store(widen(buffer), kFloats, wide);
    std::copy_n(wide, count - index, output + index);
  }
}

void WidenHalf(const Float16* values, std::size_t count, float* output) {
  const hn::Rebind<std::uint16_t, Floats> shorts;
  const hn::Rebind<hwy::float16_t, Floats> halves;
  WidenWith(values, count, output, [&](const std::uint16_t* bits) HWY_ATTR {
    return hn::PromoteTo(kFloats, hn::BitCast(halves, hn::LoadU(shorts, bits)));
  });
}

void WidenBFloat16(const BFloat16* values, std::size_t count, float* output) {
  const hn::Rebind<std::uint16_t, Floats> shorts;
  const hn::Rebind<std::uint32_t, Floats> unsigneds;
  WidenWith(values, count, output, [&](const std::uint16_t* bits) HWY_ATTR {
    return hn::BitCast(kFloats,
                       hn::ShiftLeft<16>(hn::PromoteTo(unsigneds, hn::LoadU(shorts, bits))));
  });
}

// --- LayerNorm ---

/// The mean of transform(x) over a row; the lanes' partial sums are added at the end.
template <typename Transform>
float Mean(const float* row, std::size_t size, const Transform& transform) {
  Vector sums = hn::Zero(kFloats);
  std::size_t index = 0;
  for (; index + kLanes <= size; index += kLanes) {
    sums = hn::Add(sums, transform(hn::LoadU(kFloats, row + index)));
  }
  if (index < size) {
    const auto mask = hn::FirstN(kFloats, size - index);
    const Vector part = transform(LoadFirst(row + index, size - index));
    sums = hn::Add(sums, hn::IfThenElseZero(mask, part));
  }
  return hn::GetLane(hn::SumOfLanes(kFloats, sums)) / static_cast<float>(size);
}

void NormaliseRow(float* row, const float* residual, std::size_t size, const float* weight,
                  const float* bias, float epsilon) {
  for (std::size_t index = 0; residual != nullptr && index < size; index += kLanes) {
    const std::size_t left = size - index;
    StoreFirst(hn::Add(LoadFirst(row + index, left), LoadFirst(residual + index, left)),
               row + index, left);
  }
  const float mean = Mean(row, size, [](Vector x) HWY_ATTR { return x; });
  const Vector centre = hn::Set(kFloats, mean);
  const float variance = Mean(row, size, [&](Vector x) HWY_ATTR {
    const Vector distance = hn::Sub(x, centre);
    return hn::Mul(distance, distance);
  });
  const auto inverse = static_cast<float>(
      1 / std::sqrt(static_cast<double>(variance) + static_cast<double>(epsilon)));
  const Vector factor = hn::Set(kFloats, inverse);
  for (std::size_t index = 0; index < size; index += kLanes) {
    const std::size_t left = size - index;
    const Vector normal = hn::Mul(hn::Sub(LoadFirst(row + index, left), centre), factor);
    StoreFirst(hn::MulAdd(normal, LoadFirst(weight + index, left), LoadFirst(bias + index, left)),
               row + index, left);
  }
}

void Normalise(float* values, const float* residual, std::size_t rows, std::size_t size,
               const float* weight, const float* bias, float epsilon) {
  for (std::size_t row = 0; row < rows; ++row) {
    NormaliseRow(values + row * size, residual == nullptr ? nullptr : residual + row * size, size,
                 weight, bias, epsilon);
  }
}

// --- Soft-max ---

float Largest(const float* values, std::size_t count) {
  Vector largest = hn::Set(kFloats, std::numeric_limits<float>::lowest());
  std::size_t index = 0;
  for (; index + kLanes <= count; index += kLanes) {
    largest = hn::Max(largest, hn::LoadU(kFloats, values + index));
  }
  float result = hn::GetLane(hn::MaxOfLanes(kFloats, largest));
  for (; index < count; ++index) {
    result = std::max(result, values[index]);
  }
  return result;
}

/// 2^(factor · (values - largest)) of a vector that begins at `index`, zero from `count` on.
Vector Decay(const float* values, std::size_t index, std::size_t count, Vector largest,
             Vector factor) {
  if (index >= count) {
    return hn::Zero(kFloats);
  }
  const Vector distance = hn::Sub(LoadFirst(values + index, count - index), largest);
  const Vector powers = Exp2(hn::Mul(distance, factor));
  return count - index >= kLanes ? powers
                                 : hn::IfThenElseZero(hn::FirstN(kFloats, count - index), powers);
}

float Exponentiate(float* values, std::size_t count, std::size_t padded_count) {
  const Vector largest = hn::Set(kFloats, Largest(values, count));
  const Vector one = hn::Set(kFloats, 1.0F);
  Vector sums = hn::Zero(kFloats);
  for (std::size_t index = 0; index < padded_count; index += kLanes) {
    const Vector powers = Decay(values, index, count, largest, one);
    sums = hn::Add(sums, powers);
    hn::StoreU(powers, kFloats, values + index);
  }
  return hn::GetLane(hn::SumOfLanes(kFloats, sums));
}

float ExponentiateNarrow(const float* values, std::size_t count, float factor,
                         std::size_t padded_count, BFloat16* output) {
  const Vector largest = hn::Set(kFloats, Largest(values, count));
  Vector sums = hn::Zero(kFloats);
  for (std::size_t index = 0; index < padded_count; index += kLanes) {
    const Vector powers = Decay(values, index, count, largest, hn::Set(kFloats, factor));
    sums = hn::Add(sums, powers);
    StoreNarrow(powers, output + index, kLanes);
  }
  return hn::GetLane(hn::SumOfLanes(kFloats, sums));
}

void Scale(const float* values, std::size_t count, float factor, float* output) {
  for (std::size_t index = 0; index < count; index += kLanes) {
    const std::size_t left = count - index;
    StoreFirst(hn::Mul(LoadFirst(values + index, left), hn::Set(kFloats, factor)), output + index,
               left);
  }
}

void ScaleNarrow(const float* values, std::size_t count, float factor, BFloat16* output) {
  for (std::size_t index = 0; index < count; index += kLanes) {
    const std::size_t left = count - index;
    StoreNarrow(hn::Mul(LoadFirst(values + index, left), hn::Set(kFloats, factor)), output + index,
                left);
  }
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

VectorKernels Kernels() {
  return {.tile = {.multiply = &MultiplyTile, .max_rows = kRows},
          .finish = &Finish,
          .quantise = &Quantise,
          .narrow = &Narrow,
          .widen_half = &WidenHalf,
          .widen_bfloat16 = &WidenBFloat16,
          .normalise = &Normalise,
          .exponentiate = &Exponentiate,
          .exponentiate_narrow = &ExponentiateNarrow,
          .scale = &Scale,
          .scale_narrow = &ScaleNarrow,
          .spin = &Spin,
          .operations_per_round = 2.0 * kRows * kColumns};
}

}  // namespace
// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
VectorKernels GetKernels() {
  return Kernels();
}
}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {

HWY_EXPORT(GetKernels);

const VectorKernels& KernelsFor(Isa isa) {
  static const std::vector<VectorKernels> tables = [] {
    std::vector<VectorKernels> made;
    for (const Isa supported : SupportedIsas()) {
      made.push_back(ChooseForIsa(supported, [] { return HWY_DYNAMIC_DISPATCH(GetKernels)(); }));
    }
    return made;
  }();
  const std::vector<Isa>& isas = SupportedIsas();
  const auto place = std::find(isas.begin(), isas.end(), isa) - isas.begin();
  return tables.at(static_cast<std::size_t>(place));
}

}  // namespace bertqa

#endif  // HWY_ONCE
