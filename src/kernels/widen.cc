#include "kernels/widen.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/widen.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/isa_table.h"
#include "kernels/vector_math-inl.h"

namespace bertqa {
#ifndef BERTQA_WIDEN_TYPES
#define BERTQA_WIDEN_TYPES

struct WidenFunctions {
  void (*halves)(const Float16* values, std::size_t count, float* output);
  void (*bfloat16s)(const BFloat16* values, std::size_t count, float* output);
};

#endif
}  // namespace bertqa

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

constexpr hn::Rebind<std::uint16_t, Floats> kShorts;
constexpr hn::Rebind<std::uint32_t, Floats> kUnsigneds;
using Shorts = hn::Vec<decltype(kShorts)>;

struct FromBFloat16 {
  HWY_INLINE Vector operator()(Shorts bits) const {
    return hn::BitCast(kFloats, hn::ShiftLeft<16>(hn::PromoteTo(kUnsigneds, bits)));
  }
};

struct FromHalf {
  HWY_INLINE Vector operator()(Shorts bits) const {
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
    const hn::Rebind<hwy::float16_t, Floats> halves;
    return hn::PromoteTo(kFloats, hn::BitCast(halves, bits));
#else
    // As a float, the exponent is too small by 127 - 15, be the number normal or not; that of
    // infinity and NaN, 31, must become 255.
    const auto wide = hn::PromoteTo(kUnsigneds, bits);
    const auto sign = hn::ShiftLeft<16>(hn::And(wide, hn::Set(kUnsigneds, 0x8000U)));
    const auto rest = hn::And(wide, hn::Set(kUnsigneds, 0x7FFFU));
    const Vector finite =
        hn::Mul(hn::BitCast(kFloats, hn::ShiftLeft<13>(rest)), hn::Set(kFloats, 0x1p112F));
    const Vector special =
        hn::BitCast(kFloats, hn::Or(hn::ShiftLeft<13>(rest), hn::Set(kUnsigneds, 0x7F800000U)));
    const hn::RebindToSigned<decltype(kUnsigneds)> integers;
    const auto is_special = hn::Gt(hn::BitCast(integers, rest), hn::Set(integers, 0x7BFF));
    const Vector magnitude = hn::IfThenElse(hn::RebindMask(kFloats, is_special), special, finite);
    return hn::Or(magnitude, hn::BitCast(kFloats, sign));
#endif
  }
};

template <typename Convert, typename T>
void WidenRow(const T* values, std::size_t count, float* output) {
  const Convert convert;
  const auto* const bits = reinterpret_cast<const std::uint16_t*>(values);
  std::size_t index = 0;
  for (; index + kLanes <= count; index += kLanes) {
    hn::StoreU(convert(hn::LoadU(kShorts, bits + index)), kFloats, output + index);
  }
  if (index < count) {
    alignas(32) std::uint16_t rest[kLanes] = {};
    for (std::size_t lane = 0; index + lane < count; ++lane) {
      rest[lane] = bits[index + lane];
    }
    StoreFirst(convert(hn::Load(kShorts, rest)), output + index, count - index);
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
WidenFunctions GetWiden() {
  return {.halves = &WidenRow<FromHalf, Float16>, .bfloat16s = &WidenRow<FromBFloat16, BFloat16>};
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {
namespace {

HWY_EXPORT(GetWiden);

const WidenFunctions& FunctionsFor(Isa isa) {
  static const IsaTable<WidenFunctions> table([] { return HWY_DYNAMIC_DISPATCH(GetWiden)(); });
  return table.For(isa);
}

}  // namespace

void Widen(Isa isa, const Float16* values, std::size_t count, float* output) {
  FunctionsFor(isa).halves(values, count, output);
}

void Widen(Isa isa, const BFloat16* values, std::size_t count, float* output) {
  FunctionsFor(isa).bfloat16s(values, count, output);
}

}  // namespace bertqa

#endif  // HWY_ONCE
