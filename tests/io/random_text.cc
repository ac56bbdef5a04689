#include "io/random_text.h"

namespace bertqa {
namespace {

char32_t RandomCharacter(std::mt19937& random) {
  const auto between = [&](char32_t first, char32_t last) {
    return static_cast<char32_t>(std::uniform_int_distribution<std::uint32_t>(first, last)(random));
  };
  switch (std::uniform_int_distribution<int>(0, 6)(random)) {
    case 0:
      return between(0x300, 0x36F);
    case 1:
      return between(0x4E00, 0x9FFF);
    case 2:
      return between(0x1F300, 0x1F6FF);
    case 3:
      return between(0xE000, 0xFFFF);
    case 4:
      return between(0x10000, 0x10FFFF);
    case 5:
      return between(0x80, 0xD7FF);
    default:
      return between(0x20, 0x7E);
  }
}

}  // namespace

std::u32string RandomCharacters(std::mt19937& random, std::size_t count) {
  std::u32string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += RandomCharacter(random);
  }
  return text;
}

std::string ToUtf8(const std::u32string& text) {
  std::string utf8;
  for (const char32_t character : text) {
    if (character < 0x80) {
      utf8 += static_cast<char>(character);
    } else if (character < 0x800) {
      utf8 += static_cast<char>(0xC0U | (character >> 6U));
      utf8 += static_cast<char>(0x80U | (character & 0x3FU));
    } else if (character < 0x10000) {
      utf8 += static_cast<char>(0xE0U | (character >> 12U));
      utf8 += static_cast<char>(0x80U | ((character >> 6U) & 0x3FU));
      utf8 += static_cast<char>(0x80U | (character & 0x3FU));
    } else {
      utf8 += static_cast<char>(0xF0U | (character >> 18U));
      utf8 += static_cast<char>(0x80U | ((character >> 12U) & 0x3FU));
      utf8 += static_cast<char>(0x80U | ((character >> 6U) & 0x3FU));
      utf8 += static_cast<char>(0x80U | (character & 0x3FU));
    }
  }
  return utf8;
}

std::u16string ToUtf16(const std::u32string& text) {
  std::u16string utf16;
  for (const char32_t character : text) {
    if (character < 0x10000) {
      utf16 += static_cast<char16_t>(character);
    } else {
      utf16 += static_cast<char16_t>(0xD800U + ((character - 0x10000U) >> 10U));
      utf16 += static_cast<char16_t>(0xDC00U + ((character - 0x10000U) & 0x3FFU));
    }
  }
  return utf16;
}

}  // namespace bertqa
