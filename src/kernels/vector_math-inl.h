// Functions of vectors for files that Highway compiles for each instruction set. Included after
// hwy/highway.h, once for each of them.
#if defined(BERTQA_VECTOR_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTQA_VECTOR_MATH_INL_H_
#undef BERTQA_VECTOR_MATH_INL_H_
#else
#define BERTQA_VECTOR_MATH_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Ints = hn::RebindToSigned<Floats>;
using Vector = hn::Vec<Floats>;
[[maybe_unused]] constexpr Floats kFloats;
[[maybe_unused]] constexpr Ints kInts;
constexpr std::size_t kLanes = hn::MaxLanes(kFloats);

/// 2^x for |x| < 126, to 1e-7: the nearest integer goes into the exponent (adding 1.5 · 2^23 leaves
/// it in the low bits), the rest into the minimax polynomial of degree 5 on [-1/2, 1/2].
HWY_INLINE Vector BoundedExp2(Vector x) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  const Vector rest{_mm512_reduce_ps(x.raw, 0x01)};  // x - floor(x)
  Vector value = hn::Set(kFloats, 1.87757668e-3F);
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 8.98934009e-3F));
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 5.58263181e-2F));
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 2.40153617e-1F));
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 6.93153073e-1F));
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 9.99999925e-1F));
  return Vector{_mm512_scalef_ps(value.raw, x.raw)};  // · 2^floor(x)
#else
  const Vector magic = hn::Set(kFloats, 12582912.0F);
  const Vector shifted = hn::Add(x, magic);
  const Vector rest = hn::Sub(x, hn::Sub(shifted, magic));
  Vector value = hn::Set(kFloats, 1.3276472e-3F);
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 9.67554133e-3F));
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 5.55071327e-2F));
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 2.40221197e-1F));
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 6.93146967e-1F));
  value = hn::MulAdd(value, rest, hn::Set(kFloats, 1.00000007F));
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(kInts, shifted));
  return hn::BitCast(kFloats, hn::Add(hn::BitCast(kInts, value), exponent));
#endif
}

/// A soft-max's weight, 2^x for x <= 0, but not less than 2^-64: beside the largest weight, 1, that
/// is nothing, and products with it are not the subnormal numbers that processors are slow with.
HWY_INLINE Vector WeightExp2(Vector x) {
  return BoundedExp2(hn::Max(x, hn::Set(kFloats, -64.0F)));
}

/// The first `count` values, then zeros. Through a buffer: a masked load may read beyond them where
/// the instruction set has no masks.
HWY_INLINE Vector LoadFirst(const float* values, std::size_t count) {
  if (count >= kLanes) {
    return hn::LoadU(kFloats, values);
  }
  alignas(64) float buffer[kLanes] = {};
  for (std::size_t index = 0; index < count; ++index) {
    buffer[index] = values[index];
  }
  return hn::Load(kFloats, buffer);
}

HWY_INLINE void StoreFirst(Vector values, float* output, std::size_t count) {
  if (count >= kLanes) {
    hn::StoreU(values, kFloats, output);
    return;
  }
  alignas(64) float buffer[kLanes];
  hn::Store(values, kFloats, buffer);
  for (std::size_t index = 0; index < count; ++index) {
    output[index] = buffer[index];
  }
}

/// LoadFirst of bfloat16.
HWY_INLINE Vector LoadNarrow(const BFloat16* values, std::size_t count) {
  constexpr hn::Rebind<std::uint16_t, Floats> kShorts;
  constexpr hn::Rebind<std::uint32_t, Floats> kUnsigneds;
  const auto* bits = reinterpret_cast<const std::uint16_t*>(values);
  alignas(32) std::uint16_t buffer[kLanes] = {};
  if (count < kLanes) {
    std::copy_n(bits, count, buffer);
    bits = buffer;
  }
  return hn::BitCast(kFloats,
                     hn::ShiftLeft<16>(hn::PromoteTo(kUnsigneds, hn::LoadU(kShorts, bits))));
}

/// The first `count` values, rounded to nearest, ties to even.
HWY_INLINE void StoreNarrow(Vector values, BFloat16* output, std::size_t count) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  // Highway has no target with bfloat16; where it is asked for, the processor has the instruction.
  __m256i bits;
  asm("vcvtneps2bf16 %1, %0" : "=v"(bits) : "v"(values.raw));
  const auto rest = static_cast<__mmask16>(count >= kLanes ? 0xFFFFU : (1U << count) - 1U);
  _mm256_mask_storeu_epi16(output, rest, bits);
#else
  alignas(64) float buffer[kLanes];
  hn::Store(values, kFloats, buffer);
  for (std::size_t index = 0; index < std::min(count, kLanes); ++index) {
    output[index] = ToBFloat16(buffer[index]);
  }
#endif
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#endif  // include guard for each instruction set
