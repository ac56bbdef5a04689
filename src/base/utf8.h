#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bertqa {

/// One decoded character: its code point and how many bytes it takes.
struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;
};

/// Whether a byte of UTF-8 goes on with a character instead of beginning one.
inline bool IsContinuationByte(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Decodes the character at `text[position]`. REQUIRES: valid UTF-8, position < text.size() and on
/// a character boundary.
CodePoint DecodeAt(std::string_view text, std::size_t position);

/// Offset of the first byte that is not part of valid UTF-8 (surrogates, overlong forms and code
/// points above U+10FFFF are not valid), or nothing.
std::optional<std::size_t> FindInvalidUtf8(std::string_view text);

/// Throws Error{kBadUtf8}: "<place>: invalid UTF-8 at byte N (0xFF)".
void RequireUtf8(std::string_view text, const std::string& place);

void AppendUtf8(std::string& text, char32_t code_point);

/// REQUIRES: valid UTF-8.
std::size_t CountCodePoints(std::string_view text);

/// Drops a byte-order mark at the start.
std::string_view WithoutByteOrderMark(std::string_view text);

}  // namespace bertqa
