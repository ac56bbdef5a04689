#pragma once

#include "kernels/isa.h"
#include "kernels/tile.h"

namespace bertqa {

/// Tiles of int32 sums of unsigned times signed bytes; an element of depth is 4 bytes of a row of
/// the input, and [32][4] bytes of the panel.
TileKernel Int8Tile(Isa isa);

/// The largest quantised activation: 255; or 127 where two products are added in 16 bits, so that
/// 2 · 127 · 127 fits.
float LargestInt8Activation(Isa isa);

/// Tiles of float sums of products of bfloat16; an element of depth is 2 values of a row of the
/// input, and [32][2] values of the panel. REQUIRES: ComputesBFloat16(isa).
TileKernel BFloat16Tile(Isa isa);

/// Bytes of a row that the products of bf16 and int8 take at a time: rows are filled up with zeros.
inline constexpr std::size_t kRowStepBytes = 64;

}  // namespace bertqa
