#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/isa.h"
#include "kernels/operand.h"

namespace bertqa {

/// How a group of one output's int8 weights reads back: weight ≈ scale · quantised; and the sum of
/// the quantised.
struct WeightScale {
  float scale = 0;
  float sum = 0;
};

/// How a row of floats becomes a row of a narrow operand.
struct RowConversions {
  /// To unsigned bytes; returns how they read back: NaN throughout if a value is infinite or NaN.
  RowScale (*quantise)(const float* values, std::size_t count, std::uint8_t* output);
  /// To [-127, 127], the largest magnitude ±127; if `bounds_pairs`, scaled so that no values 2i and
  /// 2i + 1 add up to more than ±127. All are 0 if the scale is below the normal numbers, or NaN
  /// because a value is infinite or NaN.
  WeightScale (*quantise_weights)(const float* values, std::size_t count, bool bounds_pairs,
                                  std::int8_t* output);
  /// Rounded to nearest, ties to even. REQUIRES: ComputesBFloat16(isa).
  void (*narrow)(const float* values, std::size_t count, BFloat16* output);
};

const RowConversions& RowConversionsOf(Isa isa);

}  // namespace bertqa
