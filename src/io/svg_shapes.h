#pragma once

#include <span>
#include <string>
#include <string_view>

namespace bertqa {

/// What all pictures have in common: measures, colours, and the elements they are drawn with.
/// `rest` is further attributes as SVG writes them.

constexpr double kSvgMargin = 44;
constexpr double kSvgTitleSize = 25;
constexpr double kSvgTextSize = 16;
constexpr double kSvgSmallSize = 13;
constexpr double kSvgTinySize = 11;
constexpr std::string_view kSvgInk = "#1b1f24";
constexpr std::string_view kSvgFaintInk = "#5b6570";
constexpr std::string_view kSvgRule = "#d5dbe1";
constexpr std::string_view kSvgBlue = "#1f5fd1";
constexpr std::string_view kSvgOrange = "#d9480f";
constexpr std::string_view kSvgGreen = "#12733f";

struct SvgPoint {
  double x = 0;
  double y = 0;
};

/// ` name="value"`, with one decimal.
std::string SvgAttribute(std::string_view name, double value);

std::string SvgRectangle(double x, double y, double width, double height, std::string_view rest);
std::string SvgLine(SvgPoint from, SvgPoint to, std::string_view rest);
std::string SvgPolyline(std::span<const SvgPoint> points, std::string_view rest);
std::string SvgCircle(SvgPoint center, double radius, std::string_view rest);

struct SvgTextStyle {
  double size = kSvgSmallSize;
  std::string_view fill = kSvgFaintInk;
  std::string_view rest = "";
};
/// `y` is the base line. `text` is escaped here.
std::string SvgText(double x, double y, std::string_view text, const SvgTextStyle& style);

/// Lines of text from `y` down, no wider than `width`; `y` becomes the last line's base line.
std::string SvgParagraph(double& y, std::string_view text, double width, const SvgTextStyle& style);

struct SvgFrame {
  double width = 0;
  double height = 0;
  std::string title;        ///< for who hears the picture
  std::string description;  ///< likewise
};
/// The whole file: a white card with what was drawn.
std::string SvgPicture(const SvgFrame& frame, std::string_view body);

}  // namespace bertqa
