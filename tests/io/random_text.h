#pragma once

#include <cstddef>
#include <random>
#include <string>

namespace bertqa {

/// `count` random characters: ASCII, combining marks, CJK, emoji and everything between, surrogates
/// left out.
std::u32string RandomCharacters(std::mt19937& random, std::size_t count);

/// The same text in the other encodings, written out by the book.
std::string ToUtf8(const std::u32string& text);
std::u16string ToUtf16(const std::u32string& text);

}  // namespace bertqa
