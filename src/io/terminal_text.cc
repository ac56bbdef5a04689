#include "io/terminal_text.h"

#include <utf8proc.h>

#include <array>
#include <cstdio>

#include "base/utf8.h"

namespace bertqa {
namespace {

constexpr std::string_view kAsciiSpace = " \t\n\v\f\r";
constexpr std::string_view kEllipsis = "…";

}  // namespace

std::string FoldSpace(std::string_view text) {
  std::string folded;
  for (const char byte : text) {
    if (kAsciiSpace.find(byte) == std::string_view::npos) {
      folded += byte;
    } else if (!folded.empty() && folded.back() != ' ') {
      folded += ' ';
    }
  }
  if (folded.ends_with(' ')) {
    folded.pop_back();
  }
  return folded;
}

std::string Harmless(std::string_view text) {
  std::string shown;
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint character = DecodeAt(text, position);
    const bool is_control =
        character.value < 0x20 || (character.value >= 0x7F && character.value < 0xA0);
    AppendUtf8(shown, is_control ? U'\uFFFD' : character.value);
    position += character.size;
  }
  return shown;
}

std::string Paint(Color color, std::string_view code, const std::string& text) {
  return color == Color::kOn ? "\x1B[" + std::string(code) + "m" + text + "\x1B[0m" : text;
}

std::string PercentText(float probability) {
  std::array<char, 16> buffer = {};
  const int size = std::snprintf(buffer.data(), buffer.size(), "%.1f %%",
                                 100 * static_cast<double>(probability));
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::size_t CharacterWidth(char32_t character) {
  const int width = utf8proc_charwidth(static_cast<utf8proc_int32_t>(character));
  return width > 0 ? static_cast<std::size_t>(width) : 0;
}

std::size_t DisplayWidth(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint character = DecodeAt(text, position);
    columns += CharacterWidth(character.value);
    position += character.size;
  }
  return columns;
}

std::string FitColumns(std::string_view text, std::size_t columns) {
  const std::size_t width = DisplayWidth(text);
  if (width <= columns) {
    return std::string(text) + std::string(columns - width, ' ');
  }
  std::size_t used = 0;
  std::size_t position = 0;
  while (true) {
    const CodePoint character = DecodeAt(text, position);
    if (used + CharacterWidth(character.value) > columns - 1) {
      break;
    }
    used += CharacterWidth(character.value);
    position += character.size;
  }
  return std::string(text.substr(0, position)) + std::string(kEllipsis) +
         std::string(columns - 1 - used, ' ');
}

std::vector<std::string> WrapWords(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (lines.empty() || DisplayWidth(lines.back()) + 1 + DisplayWidth(word) > columns) {
      lines.emplace_back(word);
    } else {
      lines.back() += ' ';
      lines.back() += word;
    }
  }
  return lines;
}

}  // namespace bertqa
