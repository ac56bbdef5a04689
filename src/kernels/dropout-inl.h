// What a value of a mask is, for files that Highway compiles for each instruction set.
#if defined(BERTQA_DROPOUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTQA_DROPOUT_INL_H_
#undef BERTQA_DROPOUT_INL_H_
#else
#define BERTQA_DROPOUT_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/dropout_rule.h"
#include "kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

using Words = hn::RebindToUnsigned<Floats>;
[[maybe_unused]] constexpr Words kWords;

/// 0 or the factor for each of the values from `first` on. The hash is two rounds of multiply and
/// shift (after Wellons' "lowbias32"), the key's halves added before each.
HWY_INLINE Vector DropoutFactors(std::uint32_t first, const DropoutRule& rule) {
  auto word = hn::Add(hn::Iota(kWords, first), hn::Set(kWords, rule.low));
  word = hn::Xor(word, hn::ShiftRight<16>(word));
  word = hn::Mul(word, hn::Set(kWords, 0x7FEB352DU));
  word = hn::Add(hn::Xor(word, hn::ShiftRight<15>(word)), hn::Set(kWords, rule.high));
  word = hn::Mul(word, hn::Set(kWords, 0x846CA68BU));
  word = hn::Xor(word, hn::ShiftRight<16>(word));
  const auto is_dropped = hn::Lt(word, hn::Set(kWords, rule.threshold));
  return hn::IfThenZeroElse(hn::RebindMask(kFloats, is_dropped), hn::Set(kFloats, rule.factor));
}

/// The first `count` values, then zeros.
HWY_INLINE Vector LoadWide(const BFloat16* values, std::size_t count) {
  using Shorts = hn::Rebind<std::uint16_t, Floats>;
  constexpr Shorts kShorts;
  alignas(32) std::uint16_t buffer[kLanes] = {};
  const auto* bits = reinterpret_cast<const std::uint16_t*>(values);
  if (count < kLanes) {
    for (std::size_t index = 0; index < count; ++index) {
      buffer[index] = bits[index];
    }
    bits = buffer;
  }
  const auto wide = hn::PromoteTo(kWords, hn::LoadU(kShorts, bits));
  return hn::BitCast(kFloats, hn::ShiftLeft<16>(wide));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#endif  // include guard for each instruction set
