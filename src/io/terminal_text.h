#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bertqa {

enum class Color { kOff, kOn };

/// White space (ASCII) folded to single spaces, and none at the ends.
std::string FoldSpace(std::string_view text);

/// Control characters of a text could drive the terminal: they are shown as U+FFFD.
std::string Harmless(std::string_view text);

/// `text` in an SGR colour ("1;32"), if colour is on.
std::string Paint(Color color, std::string_view code, const std::string& text);

/// "93.1 %".
std::string PercentText(float probability);

/// Columns of one character on a terminal: 0 (combining), 1 or 2 (CJK).
std::size_t CharacterWidth(char32_t character);

/// Columns that a text takes on a terminal.
std::size_t DisplayWidth(std::string_view text);

/// `text` in exactly `columns` columns: filled up with spaces, or cut with an ellipsis.
/// REQUIRES: columns >= 1.
std::string FitColumns(std::string_view text, std::size_t columns);

/// `text` in lines of at most `columns` columns, broken at spaces; a longer word
/// is broken too. REQUIRES: columns >= 2.
std::vector<std::string> WrapWords(std::string_view text, std::size_t columns);

}  // namespace bertqa
