#include "kernels/row_conversion.h"

#include <algorithm>
#include <limits>

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_conversion.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/isa_table.h"
#include "kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

/// The least and the greatest of some lanes, and 0, or NaN if a value is infinite or NaN: minima
/// and maxima of vectors may pass over a NaN.
struct Extent {
  explicit Extent(float value)
      : low(hn::Set(kFloats, value)), high(low), nothing(hn::Zero(kFloats)) {}

  HWY_INLINE void Add(Vector part) {
    low = hn::Min(low, part);
    high = hn::Max(high, part);
    nothing = hn::MulAdd(part, hn::Zero(kFloats), nothing);
  }

  HWY_INLINE void Add(const Extent& other) {
    low = hn::Min(low, other.low);
    high = hn::Max(high, other.high);
    nothing = hn::Add(nothing, other.nothing);
  }

  Vector low;
  Vector high;
  Vector nothing;
};

/// Of a whole row; four sums at once, because each waits for itself.
Extent ExtentOf(const float* values, std::size_t count) {
  Extent extents[] = {Extent(values[0]), Extent(values[0]), Extent(values[0]), Extent(values[0])};
  std::size_t index = 0;
  for (; index + 4 * kLanes <= count; index += 4 * kLanes) {
    for (std::size_t part = 0; part < 4; ++part) {
      extents[part].Add(hn::LoadU(kFloats, values + index + part * kLanes));
    }
  }
  for (; index + kLanes <= count; index += kLanes) {
    extents[0].Add(hn::LoadU(kFloats, values + index));
  }
  for (; index < count; ++index) {
    extents[0].Add(hn::Set(kFloats, values[index]));
  }
  extents[0].Add(extents[1]);
  extents[2].Add(extents[3]);
  extents[0].Add(extents[2]);
  return extents[0];
}

RowScale ScaleOf(const float* values, std::size_t count) {
  const Extent extent = ExtentOf(values, count);
  const float minimum = hn::GetLane(hn::MinOfLanes(kFloats, extent.low));
  const float maximum = hn::GetLane(hn::MaxOfLanes(kFloats, extent.high));
  const float zero = hn::GetLane(hn::SumOfLanes(kFloats, extent.nothing));
  const float scale = (maximum - minimum) / 255.0F;
  // The reciprocal of less would be infinite.
  const bool is_constant = scale < std::numeric_limits<float>::min();
  return {.scale = (is_constant ? 0 : scale) + zero, .minimum = minimum + zero};
}

constexpr hn::Rebind<std::uint8_t, Floats> kBytes;

/// Rounds (x - minimum) / scale to the nearest integer, ties to even. The greatest value comes to
/// 255 and less than half a step more, so that there is nothing to clamp.
struct Quantiser {
  explicit Quantiser(const RowScale& row)
      : minimum(hn::Set(kFloats, row.minimum)),
        inverse(hn::Set(kFloats, row.scale > 0 ? 1.0F / row.scale : 0.0F)) {}

  HWY_INLINE auto operator()(Vector values) const {
    const Vector scaled = hn::Mul(hn::Sub(values, minimum), inverse);
    const Vector shifted = hn::Add(scaled, hn::Set(kFloats, 0x1p23F));  // the integer: low bits
    const hn::RebindToUnsigned<Floats> unsigneds;
    const auto bits = hn::BitCast(unsigneds, shifted);
    return hn::U8FromU32(hn::And(bits, hn::Set(unsigneds, 0xFF)));
  }

  Vector minimum;
  Vector inverse;
};

RowScale Quantise(const float* values, std::size_t count, std::uint8_t* output) {
  const RowScale scale = ScaleOf(values, count);
  const Quantiser quantised(scale);
  std::size_t index = 0;
  for (; index + kLanes <= count; index += kLanes) {
    hn::StoreU(quantised(hn::LoadU(kFloats, values + index)), kBytes, output + index);
  }
  if (index < count) {
    alignas(16) std::uint8_t buffer[kLanes];
    hn::Store(quantised(LoadFirst(values + index, count - index)), kBytes, buffer);
    std::copy_n(buffer, count - index, output + index);
  }
  return scale;
}

/// The largest magnitude of the means of values 2i and 2i + 1; beyond the end there are zeros.
float LargestPairMean(const float* values, std::size_t count) {
  Vector largest = hn::Zero(kFloats);
  const Vector half = hn::Set(kFloats, 0.5F);
  for (std::size_t index = 0; index < count; index += kLanes) {
    const Vector halves = hn::Mul(LoadFirst(values + index, count - index), half);
    largest = hn::Max(largest, hn::Abs(hn::Add(halves, hn::Reverse2(kFloats, halves))));
  }
  return hn::GetLane(hn::MaxOfLanes(kFloats, largest));
}

/// The bound of pairs costs weights a third of a bit or so. The activations would have to give up a
/// whole one instead, and they need it more. Rounding adds half to each of two at most: a mean of
/// 63 comes to a sum of 127, and 255 · 127 fits into 16 bits.
WeightScale QuantiseWeights(const float* values, std::size_t count, bool bounds_pairs,
                            std::int8_t* output) {
  const Extent extent = ExtentOf(values, count);
  const Vector largest = hn::Max(hn::Neg(extent.low), extent.high);
  float scale = hn::GetLane(hn::MaxOfLanes(kFloats, largest)) / 127.0F;
  if (bounds_pairs) {
    scale = std::max(scale, LargestPairMean(values, count) / 63.0F);
  }
  scale += hn::GetLane(hn::SumOfLanes(kFloats, extent.nothing));
  const bool is_normal = scale >= std::numeric_limits<float>::min();
  const Vector inverse = hn::Set(kFloats, is_normal ? 1.0F / scale : 0.0F);
  constexpr hn::Rebind<std::int8_t, Floats> kSignedBytes;
  auto sum = hn::Zero(kInts);
  for (std::size_t index = 0; index < count; index += kLanes) {
    const Vector part = LoadFirst(values + index, count - index);
    const auto quantised = is_normal ? hn::NearestInt(hn::Mul(part, inverse)) : hn::Zero(kInts);
    sum = hn::Add(sum, quantised);
    alignas(16) std::int8_t buffer[kLanes];
    hn::Store(hn::DemoteTo(kSignedBytes, quantised), kSignedBytes, buffer);
    std::copy_n(buffer, std::min(kLanes, count - index), output + index);
  }
  return {.scale = scale, .sum = static_cast<float>(hn::GetLane(hn::SumOfLanes(kInts, sum)))};
}

void Narrow(const float* values, std::size_t count, BFloat16* output) {
  for (std::size_t index = 0; index < count; index += kLanes) {
    StoreNarrow(LoadFirst(values + index, count - index), output + index, count - index);
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
RowConversions GetRowConversions() {
  return {.quantise = &Quantise, .quantise_weights = &QuantiseWeights, .narrow = &Narrow};
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {

HWY_EXPORT(GetRowConversions);

const RowConversions& RowConversionsOf(Isa isa) {
  static const IsaTable<RowConversions> table(
      [] { return HWY_DYNAMIC_DISPATCH(GetRowConversions)(); });
  return table.For(isa);
}

}  // namespace bertqa

#endif  // HWY_ONCE
