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

RowScale ScaleOf(const float* values, std::size_t count, float largest) {
  const Extent extent = ExtentOf(values, count);
  const float minimum = hn::GetLane(hn::MinOfLanes(kFloats, extent.low));
  const float maximum = hn::GetLane(hn::MaxOfLanes(kFloats, extent.high));
  const float zero = hn::GetLane(hn::SumOfLanes(kFloats, extent.nothing));
  const float scale = (maximum - minimum) / largest;
  // The reciprocal of less would be infinite.
  const bool is_constant = scale < std::numeric_limits<float>::min();
  return {.scale = (is_constant ? 0 : scale) + zero, .minimum = minimum + zero};
}

constexpr hn::Rebind<std::uint8_t, Floats> kBytes;

/// Rounds (x - minimum) / scale to the nearest integer, ties to even. The greatest value comes to
/// `largest` and less than half a step more, so that there is nothing to clamp.
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

RowScale Quantise(const float* values, std::size_t count, float largest, std::uint8_t* output) {
  const RowScale scale = ScaleOf(values, count, largest);
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

void Narrow(const float* values, std::size_t count, BFloat16* output) {
  for (std::size_t index = 0; index < count; index += kLanes) {
    StoreNarrow(LoadFirst(values + index, count - index), output + index, count - index);
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
RowConversions GetRowConversions() {
  return {.quantise = &Quantise, .narrow = &Narrow};
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
