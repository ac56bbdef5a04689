#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/isa.h"

namespace bertqa {

/// Dropout (Srivastava et al. 2014) without a stored mask: whether a value is dropped is a function
/// of the key and of the value's index, a hash of 32 bits, whatever the instruction set and the
/// order in which values are visited.
struct DropoutKernel {
  std::uint64_t key = 0;
  double probability = 0;  ///< of being dropped, in [0, 1)
  Isa isa = ChosenIsa();

  /// values[i] = 0 if value `first + i` is dropped, else values[i] / (1 - probability).
  void Apply(float* values, std::size_t count, std::uint64_t first) const;
  /// The same, rounded. REQUIRES: ComputesBFloat16(isa).
  void Apply(BFloat16* values, std::size_t count, std::uint64_t first) const;
};

}  // namespace bertqa
