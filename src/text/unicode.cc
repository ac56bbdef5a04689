#include "text/unicode.h"

#include <algorithm>

#include "text/unicode_data.h"

namespace bertqa {
namespace {

/// Unicode, chapter 3.12: syllables decompose by arithmetic.
constexpr char32_t kHangulFirst = 0xAC00;
constexpr char32_t kHangulCount = 11172;

bool IsHangulSyllable(char32_t code_point) {
  return code_point >= kHangulFirst && code_point - kHangulFirst < kHangulCount;
}

CharacterMapping DecomposeHangul(char32_t code_point) {
  const char32_t index = code_point - kHangulFirst;
  const char32_t trailing = index % 28;
  return {{0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11A7 + trailing},
          trailing == 0 ? std::size_t{2} : std::size_t{3}};
}

CharacterMapping Find(const MappingTable& table, char32_t code_point) {
  const auto row = std::lower_bound(
      table.rows.begin(), table.rows.end(), code_point,
      [](const MappingRow& left, char32_t right) { return left.code_point < right; });
  if (row == table.rows.end() || row->code_point != code_point) {
    return {{code_point}, 1};
  }
  CharacterMapping mapping;
  mapping.size = row->size;
  std::copy_n(table.pool.begin() + row->first, row->size, mapping.values.begin());
  return mapping;
}

}  // namespace

CharacterProperties PropertiesOf(char32_t code_point) {
  const std::size_t block = kUnicodeTables.blocks[code_point >> 7U];
  return kUnicodeTables.records[kUnicodeTables.record_indices[block << 7U | (code_point & 0x7FU)]];
}

CharacterMapping Decompose(char32_t code_point) {
  return IsHangulSyllable(code_point) ? DecomposeHangul(code_point)
                                      : Find(kUnicodeTables.decomposition, code_point);
}

CharacterMapping Lowercase(char32_t code_point) {
  return Find(kUnicodeTables.lowercase, code_point);
}

}  // namespace bertqa
