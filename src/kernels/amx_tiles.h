#pragma once

#include "kernels/tile.h"

namespace bertqa {

// Products in AMX's tile registers of 16 rows of 64 bytes. x86-64 only.

TileKernel AmxInt8Tile();      ///< see Int8Tile
TileKernel AmxBFloat16Tile();  ///< see BFloat16Tile

}  // namespace bertqa
