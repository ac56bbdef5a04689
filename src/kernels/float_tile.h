#pragma once

#include <cstddef>

#include "kernels/isa.h"
#include "kernels/tile.h"

namespace bertqa {

struct FloatTileFunctions {
  /// Tiles of float sums of products of floats; an element of depth is a float of a row of the
  /// input, and [32] floats of the panel.
  TileKernel tile;
  /// A loop of multiply-adds that touches nothing but registers.
  void (*spin)(std::size_t rounds) = nullptr;
  double spin_operations = 0;  ///< of a round; a product and a sum are two
};

const FloatTileFunctions& FloatTileOf(Isa isa);

}  // namespace bertqa
