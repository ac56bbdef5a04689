#include "text/byte_spelling.h"

#include "base/utf8.h"

namespace bertqa {
namespace {

bool IsVisible(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

}  // namespace

char32_t SpellingOfByte(unsigned char byte) {
  if (IsVisible(byte)) {
    return byte;
  }
  char32_t spelling = 0x100;
  for (unsigned other = 0; other < byte; ++other) {
    spelling += IsVisible(other) ? 0 : 1;
  }
  return spelling;
}

std::string SpellBytes(std::string_view bytes) {
  std::string spelled;
  for (const char byte : bytes) {
    AppendUtf8(spelled, SpellingOfByte(static_cast<unsigned char>(byte)));
  }
  return spelled;
}

std::string SpellFallback(unsigned byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {'<', '0', 'x', kDigits[byte >> 4U], kDigits[byte & 15U], '>'};
}

}  // namespace bertqa
