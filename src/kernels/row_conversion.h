#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/isa.h"
#include "kernels/operand.h"

namespace bertqa {

/// How a row of floats becomes a row of a narrow operand.
struct RowConversions {
  /// To unsigned bytes <= `largest`; returns how they read back: NaN throughout if a value is
  /// infinite or NaN.
  RowScale (*quantise)(const float* values, std::size_t count, float largest, std::uint8_t* output);
  /// Rounded to nearest, ties to even. REQUIRES: ComputesBFloat16(isa).
  void (*narrow)(const float* values, std::size_t count, BFloat16* output);
};

const RowConversions& RowConversionsOf(Isa isa);

}  // namespace bertqa
