#include "io/terminal_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/utf8.h"

namespace bertqa {
namespace {

constexpr std::string_view kAsciiSpace = " \t\n\v\f\r";
constexpr std::string_view kEllipsis = "…";

/// As many whole characters as `columns` columns hold.
std::string_view Beginning(std::string_view text, std::size_t columns) {
  std::size_t used = 0;
  std::size_t position = 0;
  while (position < text.size()) {
    const CodePoint character = DecodeAt(text, position);
    used += CharacterWidth(character.value);
    if (used > columns) {
      break;
    }
    position += character.size;
  }
  return text.substr(0, position);
}

/// Appends one word on lines of its own.
void BreakWord(std::vector<std::string>& lines, std::string_view word, std::size_t columns) {
  do {
    lines.emplace_back(Beginning(word, columns));
    word.remove_prefix(lines.back().size());
  } while (!word.empty());
}

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
  const std::string_view begin = Beginning(text, columns - 1);
  return std::string(begin) + std::string(kEllipsis) +
         std::string(columns - 1 - DisplayWidth(begin), ' ');
}

std::vector<std::string> WrapWords(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!lines.empty() && DisplayWidth(lines.back()) + 1 + DisplayWidth(word) <= columns) {
      lines.back() += ' ';
      lines.back() += word;
    } else {
      BreakWord(lines, word, columns);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace bertqa
