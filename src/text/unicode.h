#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bertqa {

/// What the steps of BERT's normaliser do to one character. Bits of CharacterProperties::flags,
/// as tools/unicode/generate.py writes them.
enum CharacterFlag : std::uint8_t {
  kRemoved = 1,          ///< vanishes: NUL, U+FFFD, control, format and private-use characters
  kSpace = 2,            ///< becomes U+0020
  kPunctuation = 4,      ///< is a word of its own
  kChinese = 8,          ///< gets a space on both sides
  kNonspacingMark = 16,  ///< is an accent: removed after decomposition
  kDecomposes = 32,      ///< has a canonical decomposition
  kHasLowercase = 64,    ///< is not its own lower case
};

struct CharacterProperties {
  std::uint8_t flags = 0;
  std::uint8_t combining_class = 0;  ///< canonical combining class; 0 is a starter

  constexpr bool Is(CharacterFlag flag) const { return (flags & flag) != 0; }
};

/// The classes of Hugging Face `tokenizers`, not of one version of Unicode (docs/tokenizer.md).
/// REQUIRES: code_point <= U+10FFFF.
CharacterProperties PropertiesOf(char32_t code_point);

/// One to four code points.
struct CharacterMapping {
  std::array<char32_t, 4> values = {};
  std::size_t size = 0;

  const char32_t* begin() const { return values.data(); }
  const char32_t* end() const { return values.data() + size; }
};

/// The full canonical decomposition (NFD) of one character; itself if it has none.
CharacterMapping Decompose(char32_t code_point);

/// Lower case without context: final sigma is not special.
CharacterMapping Lowercase(char32_t code_point);

}  // namespace bertqa
