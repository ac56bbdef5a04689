#include "io/svg_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "base/utf8.h"
#include "io/terminal_text.h"

namespace bertqa {
namespace {

/// Advance widths of Helvetica for U+0020 to U+007E, in thousandths of the font size (Adobe's font
/// metrics of the standard PostScript typefaces).
constexpr std::array<std::uint16_t, 95> kHelvetica = {
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};

double CharacterEm(char32_t character) {
  constexpr char32_t kFirst = 0x20;
  constexpr double kUsual = 0.556;
  if (character >= kFirst && character < kFirst + kHelvetica.size()) {
    return kHelvetica[character - kFirst] / 1000.0;
  }
  constexpr std::u32string_view kNarrow = U"‘’‚";
  constexpr std::u32string_view kQuotes = U"“”„";
  if (character == U'…' || character == U'—') {
    return 1;
  }
  if (kNarrow.find(character) != std::u32string_view::npos) {
    return 0.222;
  }
  if (kQuotes.find(character) != std::u32string_view::npos) {
    return 0.333;
  }
  const std::size_t columns = CharacterWidth(character);
  constexpr char32_t kFirstCyrillic = 0x400;
  constexpr double kOther = 0.6;
  return columns == 1 ? (character < kFirstCyrillic ? kUsual : kOther)
                      : static_cast<double>(columns) / 2;
}

/// What XML 1.0 allows ("Char"), without the control characters that it discourages.
bool IsXmlText(char32_t character) {
  const bool is_control = character < 0x20 || (character >= 0x7F && character < 0xA0);
  const bool is_noncharacter =
      (character & 0xFFFEU) == 0xFFFE || (character >= 0xFDD0 && character <= 0xFDEF);
  return !is_control && !is_noncharacter;
}

}  // namespace

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint character = DecodeAt(text, position);
    position += character.size;
    switch (character.value) {
      case U'&':
        escaped += "&amp;";
        break;
      case U'<':
        escaped += "&lt;";
        break;
      case U'>':
        escaped += "&gt;";
        break;
      case U'"':
        escaped += "&quot;";
        break;
      case U'\'':
        escaped += "&#39;";
        break;
      default:
        AppendUtf8(escaped, IsXmlText(character.value) ? character.value : U'\uFFFD');
    }
  }
  return escaped;
}

std::string SvgNumber(double value) {
  std::array<char, 64> buffer = {};
  const std::to_chars_result result = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                                    value, std::chars_format::fixed, 1);
  std::string text(buffer.data(), result.ptr);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

double EstimateWidth(std::string_view text, double font_size) {
  double em = 0;
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint character = DecodeAt(text, position);
    em += CharacterEm(character.value);
    position += character.size;
  }
  return em * font_size;
}

std::vector<std::string> WrapText(std::string_view text, double font_size, double width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string word(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (lines.empty() || EstimateWidth(lines.back() + " " + word, font_size) > width) {
      lines.push_back(word);
    } else {
      lines.back() += " " + word;
    }
  }
  return lines;
}

std::string MixColors(unsigned from, unsigned to, double share) {
  std::array<char, 8> text = {};
  std::array<unsigned, 3> mixed = {};
  for (unsigned i = 0; i < mixed.size(); ++i) {
    const unsigned shift = 16 - 8 * i;
    const double low = (from >> shift) & 0xFFU;
    const double high = (to >> shift) & 0xFFU;
    mixed[i] = static_cast<unsigned>(std::lround(low + (high - low) * std::clamp(share, 0.0, 1.0)));
  }
  std::snprintf(text.data(), text.size(), "#%02x%02x%02x", mixed[0] & 0xFFU, mixed[1] & 0xFFU,
                mixed[2] & 0xFFU);
  return text.data();
}

}  // namespace bertqa
