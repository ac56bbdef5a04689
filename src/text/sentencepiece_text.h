#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "bertqa/tokenizer.h"

namespace bertqa::spm {

/// What SentencePiece writes for a space: "▁".
inline constexpr char32_t kWordMark = 0x2581;

/// A character on its way to the model.
struct Character {
  char32_t value = 0;
  /// The bytes of the original that it came from. Empty for white space, and for a word mark that
  /// stands for it or was put in front: they belong to no token's span.
  ByteSpan origin;
};

/// The origin of a character that became a space, and nothing else.
inline ByteSpan NoBytes(ByteSpan origin) {
  return {origin.end, origin.end};
}

using Characters = std::vector<Character>;

/// REQUIRES: valid UTF-8.
inline void Decode(std::string_view text, Characters& characters) {
  characters.clear();
  characters.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = DecodeAt(text, i);
    const ByteSpan origin = {i, i + point.size};
    characters.push_back({point.value, point.value == U' ' ? NoBytes(origin) : origin});
    i += point.size;
  }
}

}  // namespace bertqa::spm
