#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/isa.h"

namespace bertqa {

/// Rotary positions (Su et al. 2021, section 3.4.2) of one token's heads, in place: `row`
/// [heads, D], D = `head_size`. Values i and i + D/2 of a head are a point of the plane, which is
/// turned by the angle of cosine `turns`[i] and sine `turns`[D/2 + i]. Computed in fp32.
/// REQUIRES: head_size is even.
void Rotate(Isa isa, float* row, std::size_t heads, std::size_t head_size, const float* turns);

/// The same; each result is rounded to bfloat16. REQUIRES: ComputesBFloat16(isa).
void Rotate(Isa isa, BFloat16* row, std::size_t heads, std::size_t head_size, const float* turns);

}  // namespace bertqa
