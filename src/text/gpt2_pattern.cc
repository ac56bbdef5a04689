#include "text/gpt2_pattern.h"

#include <array>
#include <cstdint>

#include "base/utf8.h"
#include "text/unicode.h"

namespace bertqa {
namespace {

/// The classes that the expression tells apart.
enum class Kind : std::uint8_t { kLetter, kNumber, kSpace, kOther };

Kind KindOf(char32_t code_point) {
  const CharacterProperties properties = PropertiesOf(code_point);
  return properties.Is(kLetter)       ? Kind::kLetter
         : properties.Is(kNumber)     ? Kind::kNumber
         : properties.Is(kWhiteSpace) ? Kind::kSpace
                                      : Kind::kOther;
}

std::array<Kind, 128> MakeAsciiKinds() {
  std::array<Kind, 128> kinds = {};
  for (char32_t byte = 0; byte < 128; ++byte) {
    kinds[byte] = KindOf(byte);
  }
  return kinds;
}

struct Character {
  Kind kind = Kind::kOther;
  std::size_t size = 0;
};

Character At(std::string_view text, std::size_t position) {
  static const std::array<Kind, 128> ascii = MakeAsciiKinds();
  const auto byte = static_cast<unsigned char>(text[position]);
  if (byte < 128) {
    return {ascii[byte], 1};
  }
  const CodePoint code_point = DecodeAt(text, position);
  return {KindOf(code_point.value), code_point.size};
}

std::size_t RunEnd(std::string_view text, std::size_t position, Kind kind) {
  while (position < text.size()) {
    const Character character = At(text, position);
    if (character.kind != kind) {
      break;
    }
    position += character.size;
  }
  return position;
}

/// 's 't 're 've 'm 'll 'd, in lower case alone: 0 if it is none of them.
std::size_t ContractionSize(std::string_view text) {
  constexpr std::string_view kEndings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
  for (const std::string_view ending : kEndings) {
    if (text.substr(1).starts_with(ending)) {
      return 1 + ending.size();
    }
  }
  return 0;
}

/// A run of white space leaves its last character to what follows: a space becomes part of it.
std::size_t SpaceEnd(std::string_view text, std::size_t begin) {
  std::size_t last = begin;
  std::size_t end = begin;
  while (end < text.size()) {
    const Character character = At(text, end);
    if (character.kind != Kind::kSpace) {
      return last > begin ? last : end;
    }
    last = end;
    end += character.size;
  }
  return end;
}

}  // namespace

std::size_t Gpt2PieceEnd(std::string_view text, std::size_t begin) {
  if (text[begin] == '\'') {
    if (const std::size_t size = ContractionSize(text.substr(begin)); size > 0) {
      return begin + size;
    }
  }
  std::size_t position = begin;
  Character character = At(text, position);
  if (text[position] == ' ' && position + 1 < text.size()) {
    character = At(text, ++position);
  }
  return character.kind == Kind::kSpace ? SpaceEnd(text, begin)
                                        : RunEnd(text, position, character.kind);
}

}  // namespace bertqa
