#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bertqa {

/// `text` as XML character data or attribute value: &, <, > and quotes escaped; what XML 1.0 does
/// not allow (most control characters, U+FFFE, U+FFFF) and other control characters as U+FFFD.
/// REQUIRES: valid UTF-8.
std::string EscapeXml(std::string_view text);

/// A coordinate, with one decimal.
std::string SvgNumber(double value);

/// How wide a text is in Helvetica or a typeface of its metrics (Arial, Liberation Sans), at this
/// size; other scripts are estimated by their columns.
double EstimateWidth(std::string_view text, double font_size);

/// `text` in lines no wider than `width`, broken at spaces.
std::vector<std::string> WrapText(std::string_view text, double font_size, double width);

/// "#rrggbb" of the colour a share (0 to 1) of the way from `from` to `to` (0xRRGGBB).
std::string MixColors(unsigned from, unsigned to, double share);

}  // namespace bertqa
