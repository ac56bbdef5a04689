#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/isa.h"

namespace bertqa {

/// IEEE 754 binary16, as stored.
struct Float16 {
  std::uint16_t bits = 0;
};

/// output[i] = values[i], exact.
void Widen(Isa isa, const Float16* values, std::size_t count, float* output);
void Widen(Isa isa, const BFloat16* values, std::size_t count, float* output);

}  // namespace bertqa
