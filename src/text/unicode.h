#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace bertqa {

/// What the steps of normalizers and pre-tokenizers do to one character. Bits of
/// CharacterProperties::flags, as tools/unicode/generate.py writes them.
enum CharacterFlag : std::uint16_t {
  kRemoved = 1,            ///< vanishes in BERT: NUL, U+FFFD, control, format, private use
  kSpace = 2,              ///< becomes U+0020 in BERT
  kPunctuation = 4,        ///< is a word of its own
  kChinese = 8,            ///< gets a space on both sides
  kNonspacingMark = 16,    ///< is an accent: removed after decomposition
  kDecomposes = 32,        ///< has a canonical decomposition
  kHasLowercase = 64,      ///< is not its own lower case
  kLetter = 128,           ///< \p{L} of regular expressions
  kNumber = 256,           ///< \p{N}
  kWhiteSpace = 512,       ///< \s
  kWordCharacter = 1024,   ///< \w
  kNumeric = 2048,         ///< what the pre-tokenizer Digits takes for one
  kCombiningMark = 4096,   ///< what the normalizer StripAccents removes
  kExtendsCluster = 8192,  ///< belongs to the character before it
  kPrepends = 16384,       ///< belongs to the character behind it
  kBreaksCluster = 32768,  ///< a control character: nothing extends it
};

struct CharacterProperties {
  std::uint16_t flags = 0;
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

/// The full compatibility decomposition (NFKD) of one character where it differs from the canonical
/// one; else empty.
std::span<const char32_t> DecomposeCompatibly(char32_t code_point);

/// The character that canonical composition makes of two, Hangul included; nothing: they stay two.
std::optional<char32_t> Compose(char32_t first, char32_t second);

/// Lower case without context: final sigma is not special.
CharacterMapping Lowercase(char32_t code_point);

}  // namespace bertqa
