// Copies of rows for attention_float.cc, for each instruction set. See vector_math-inl.h.
#if defined(BERTQA_ATTENTION_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BERTQA_ATTENTION_PACK_INL_H_
#undef BERTQA_ATTENTION_PACK_INL_H_
#else
#define BERTQA_ATTENTION_PACK_INL_H_
#endif

#include <cstddef>

#include "kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

using Rows = const float* const (&)[kLanes];

#if HWY_TARGET != HWY_SCALAR  // it has no combinations of lanes

/// Four values at `index` of the rows `first`, `first` + 4, `first` + 8, …, one after the other.
template <class D>
HWY_INLINE hn::Vec<D> LoadFours(D floats, Rows rows, std::size_t first, std::size_t index) {
  if constexpr (hn::MaxLanes(floats) == 4) {
    return hn::LoadU(floats, rows[first] + index);
  } else {
    const hn::Half<D> half;
    return hn::Combine(floats, LoadFours(half, rows, first + hn::MaxLanes(floats) / 2, index),
                       LoadFours(half, rows, first, index));
  }
}

#endif

/// Stores the values at `index` of all rows together, and adds their squares.
HWY_INLINE void StoreColumn(Vector column, float* target, Vector& squares) {
  hn::Store(column, kFloats, target);
  squares = hn::MulAdd(column, column, squares);
}

/// target [size][kLanes], its rows `stride` apart, is the transpose of the rows [kLanes][size].
/// Returns the sum of squares of each row. In steps of 4 · 4: interleaving works on 128 bits.
HWY_INLINE Vector PackColumns(Rows rows, std::size_t size, float* target, std::size_t stride) {
  Vector squares = hn::Zero(kFloats);
  std::size_t index = 0;
#if HWY_TARGET != HWY_SCALAR
  for (; index + 4 <= size; index += 4) {
    const Vector a = LoadFours(kFloats, rows, 0, index);
    const Vector b = LoadFours(kFloats, rows, 1, index);
    const Vector c = LoadFours(kFloats, rows, 2, index);
    const Vector d = LoadFours(kFloats, rows, 3, index);
    const Vector ac = hn::InterleaveLower(kFloats, a, c);
    const Vector bd = hn::InterleaveLower(kFloats, b, d);
    const Vector ac_upper = hn::InterleaveUpper(kFloats, a, c);
    const Vector bd_upper = hn::InterleaveUpper(kFloats, b, d);
    float* const place = target + index * stride;
    StoreColumn(hn::InterleaveLower(kFloats, ac, bd), place, squares);
    StoreColumn(hn::InterleaveUpper(kFloats, ac, bd), place + stride, squares);
    StoreColumn(hn::InterleaveLower(kFloats, ac_upper, bd_upper), place + 2 * stride, squares);
    StoreColumn(hn::InterleaveUpper(kFloats, ac_upper, bd_upper), place + 3 * stride, squares);
  }
#endif
  for (; index < size; ++index) {
    float* const place = target + index * stride;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      place[lane] = rows[lane][index];
    }
    StoreColumn(hn::Load(kFloats, place), place, squares);
  }
  return squares;
}

/// target = factor · values. Returns the sum of the products' squares.
HWY_INLINE float ScaleRow(const float* values, std::size_t count, float factor, float* target) {
  const Vector factors = hn::Set(kFloats, factor);
  Vector squares = hn::Zero(kFloats);
  for (std::size_t index = 0; index < count; index += kLanes) {
    const Vector scaled = hn::Mul(LoadFirst(values + index, count - index), factors);
    squares = hn::MulAdd(scaled, scaled, squares);
    StoreFirst(scaled, target + index, count - index);
  }
  return hn::GetLane(hn::SumOfLanes(kFloats, squares));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#endif  // include guard for each instruction set
