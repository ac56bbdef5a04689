#include "text/unicode.h"

#include <algorithm>
#include <utility>

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

/// The reverse: a leading consonant and a vowel, or such a syllable and a trailing consonant.
std::optional<char32_t> ComposeHangul(char32_t first, char32_t second) {
  if (first >= 0x1100 && first < 0x1113 && second >= 0x1161 && second < 0x1176) {
    return kHangulFirst + ((first - 0x1100) * 21 + (second - 0x1161)) * 28;
  }
  if (IsHangulSyllable(first) && (first - kHangulFirst) % 28 == 0 && second > 0x11A7 &&
      second < 0x11C3) {
    return first + (second - 0x11A7);
  }
  return std::nullopt;
}

std::span<const char32_t> FindSpan(const MappingTable& table, char32_t code_point) {
  const auto row = std::lower_bound(
      table.rows.begin(), table.rows.end(), code_point,
      [](const MappingRow& left, char32_t right) { return left.code_point < right; });
  if (row == table.rows.end() || row->code_point != code_point) {
    return {};
  }
  return table.pool.subspan(row->first, row->size);
}

CharacterMapping Find(const MappingTable& table, char32_t code_point) {
  const std::span<const char32_t> values = FindSpan(table, code_point);
  if (values.empty()) {
    return {{code_point}, 1};
  }
  CharacterMapping mapping;
  mapping.size = values.size();
  std::copy(values.begin(), values.end(), mapping.values.begin());
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

std::span<const char32_t> DecomposeCompatibly(char32_t code_point) {
  return FindSpan(kUnicodeTables.compatibility, code_point);
}

std::optional<char32_t> Compose(char32_t first, char32_t second) {
  if (const std::optional<char32_t> syllable = ComposeHangul(first, second)) {
    return syllable;
  }
  const std::span<const CompositionRow> rows = kUnicodeTables.composition;
  const auto row = std::lower_bound(rows.begin(), rows.end(), std::pair(first, second),
                                    [](const CompositionRow& left, const auto& right) {
                                      return std::pair(left.first, left.second) < right;
                                    });
  if (row == rows.end() || row->first != first || row->second != second) {
    return std::nullopt;
  }
  return row->composed;
}

CharacterMapping Lowercase(char32_t code_point) {
  return Find(kUnicodeTables.lowercase, code_point);
}

}  // namespace bertqa
