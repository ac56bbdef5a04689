#pragma once

#include "kernels/isa.h"
#include "kernels/tile.h"

namespace bertqa {

/// Tiles of int32 sums of unsigned times signed bytes; an element of depth is 4 bytes of a row of
/// the input, and [32][4] bytes of the panel.
TileKernel Int8Tile(Isa isa);

/// True if the tile adds the products of inputs 2i and 2i + 1 in 16 bits, where they saturate:
/// 255 · (w + w') must be within ±32767, so two weights of one sign must not add up to more than
/// 128.
bool AddsInt8PairsIn16Bits(Isa isa);

/// Inputs that share a scale, in the activations and in the weights: what one is rounded by is then
/// the largest of its neighbours, not of the whole row. Each group's sums are read back by
/// themselves, which costs a fifteenth of the time with VNNI and less without; AMX multiplies so
/// quickly that its groups must be larger. A multiple of kRowStepBytes.
std::size_t Int8GroupInputs(Isa isa);
inline constexpr std::size_t kMaxInt8GroupInputs = 384;

/// Tiles of float sums of products of bfloat16; an element of depth is 2 values of a row of the
/// input, and [32][2] values of the panel. REQUIRES: ComputesBFloat16(isa).
TileKernel BFloat16Tile(Isa isa);

/// Bytes of a row that the products of bf16 and int8 take at a time: rows are filled up with zeros.
inline constexpr std::size_t kRowStepBytes = 64;

}  // namespace bertqa
