#include "kernels/rotary.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rotary.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/isa_table.h"
#include "kernels/vector_math-inl.h"

namespace bertqa {
#ifndef BERTQA_ROTARY_TYPES
#define BERTQA_ROTARY_TYPES

struct RotateFunctions {
  void (*floats)(float* row, std::size_t heads, std::size_t head_size, const float* turns);
  void (*halves)(BFloat16* row, std::size_t heads, std::size_t head_size, const float* turns);
};

#endif
}  // namespace bertqa

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE Vector LoadValues(const float* values, std::size_t count) {
  return LoadFirst(values, count);
}

HWY_INLINE Vector LoadValues(const BFloat16* values, std::size_t count) {
  return LoadNarrow(values, count);
}

HWY_INLINE void StoreValues(Vector values, float* output, std::size_t count) {
  StoreFirst(values, output, count);
}

HWY_INLINE void StoreValues(Vector values, BFloat16* output, std::size_t count) {
  StoreNarrow(values, output, count);
}

template <typename T>
void RotateRow(T* row, std::size_t heads, std::size_t head_size, const float* turns) {
  const std::size_t half = head_size / 2;
  for (std::size_t index = 0; index < half; index += kLanes) {
    const std::size_t count = half - index;
    const Vector cosine = LoadFirst(turns + index, count);
    const Vector sine = LoadFirst(turns + half + index, count);
    for (std::size_t head = 0; head < heads; ++head) {
      T* const left = row + head * head_size + index;
      T* const right = left + half;
      const Vector x = LoadValues(left, count);
      const Vector y = LoadValues(right, count);
      StoreValues(hn::NegMulAdd(y, sine, hn::Mul(x, cosine)), left, count);
      StoreValues(hn::MulAdd(x, sine, hn::Mul(y, cosine)), right, count);
    }
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
RotateFunctions GetRotate() {
  return {.floats = &RotateRow<float>, .halves = &RotateRow<BFloat16>};
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {
namespace {

HWY_EXPORT(GetRotate);

const RotateFunctions& FunctionsFor(Isa isa) {
  static const IsaTable<RotateFunctions> table([] { return HWY_DYNAMIC_DISPATCH(GetRotate)(); });
  return table.For(isa);
}

}  // namespace

void Rotate(Isa isa, float* row, std::size_t heads, std::size_t head_size, const float* turns) {
  FunctionsFor(isa).floats(row, heads, head_size, turns);
}

void Rotate(Isa isa, BFloat16* row, std::size_t heads, std::size_t head_size, const float* turns) {
  FunctionsFor(isa).halves(row, heads, head_size, turns);
}

}  // namespace bertqa

#endif  // HWY_ONCE
