#pragma once

#include <cstdint>
#include <span>

#include "text/unicode.h"

namespace bertqa {

/// `pool[first, first + size)` is what the code point turns into.
struct MappingRow {
  char32_t code_point = 0;
  std::uint16_t first = 0;
  std::uint8_t size = 0;
};

/// Rows sorted by code point.
struct MappingTable {
  std::span<const MappingRow> rows;
  std::span<const char32_t> pool;
};

/// Two characters that canonical composition makes one of.
struct CompositionRow {
  char32_t first = 0;
  char32_t second = 0;
  char32_t composed = 0;
};

/// The tables that tools/unicode/generate.py wrote. Properties have two levels: the block of 128
/// code points, then the place in that block, which gives an index into `records`.
struct UnicodeTables {
  std::span<const CharacterProperties> records;
  std::span<const std::uint16_t> blocks;
  std::span<const std::uint8_t> record_indices;
  MappingTable decomposition;
  MappingTable lowercase;
  MappingTable compatibility;                   ///< without rows equal to `decomposition`
  std::span<const CompositionRow> composition;  ///< sorted by first, then second; without Hangul
};

extern const UnicodeTables kUnicodeTables;

}  // namespace bertqa
