#pragma once

#include <array>
#include <cstdint>

namespace bertqa {

/// The shapes of AMX's tile registers (Intel's manual, volume 2A, LDTILECFG): as made, all are
/// whole, 16 rows of 64 bytes.
struct TileConfiguration {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved = {};
  std::array<std::uint16_t, 16> row_bytes = {64, 64, 64, 64, 64, 64, 64, 64};
  std::array<std::uint8_t, 16> rows = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfiguration) == 64);

/// Not the intrinsic: GCC 12's tells the compiler of the first 8 bytes only, and the other fields
/// might never be stored. REQUIRES: AMX; x86-64 only.
inline void LoadTileConfiguration(const TileConfiguration& configuration) {
  asm volatile("ldtilecfg %0" : : "m"(configuration));
}

}  // namespace bertqa
