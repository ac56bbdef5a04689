#include "io/svg_shapes.h"

#include "io/svg_text.h"

namespace bertqa {
namespace {

std::string Element(const std::string& start, std::string_view rest) {
  return start + " " + std::string(rest) + "/>\n";
}

}  // namespace

std::string SvgAttribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + SvgNumber(value) + "\"";
}

std::string SvgRectangle(double x, double y, double width, double height, std::string_view rest) {
  return Element("<rect" + SvgAttribute("x", x) + SvgAttribute("y", y) +
                     SvgAttribute("width", width) + SvgAttribute("height", height),
                 rest);
}

std::string SvgLine(SvgPoint from, SvgPoint to, std::string_view rest) {
  return Element("<line" + SvgAttribute("x1", from.x) + SvgAttribute("y1", from.y) +
                     SvgAttribute("x2", to.x) + SvgAttribute("y2", to.y),
                 rest);
}

std::string SvgPolyline(std::span<const SvgPoint> points, std::string_view rest) {
  std::string places;
  for (const SvgPoint& point : points) {
    places += (places.empty() ? "" : " ") + SvgNumber(point.x) + "," + SvgNumber(point.y);
  }
  return Element("<polyline points=\"" + places + "\"", rest);
}

std::string SvgCircle(SvgPoint center, double radius, std::string_view rest) {
  return Element("<circle" + SvgAttribute("cx", center.x) + SvgAttribute("cy", center.y) +
                     SvgAttribute("r", radius),
                 rest);
}

std::string SvgText(double x, double y, std::string_view text, const SvgTextStyle& style) {
  const std::string rest = style.rest.empty() ? "" : " " + std::string(style.rest);
  return "<text" + SvgAttribute("x", x) + SvgAttribute("y", y) +
         SvgAttribute("font-size", style.size) + " fill=\"" + std::string(style.fill) + "\"" +
         rest + ">" + EscapeXml(text) + "</text>\n";
}

std::string SvgParagraph(double& y, std::string_view text, double width,
                         const SvgTextStyle& style) {
  constexpr double kBold = 1.08;  // how much wider bold letters are
  const bool is_bold = style.rest.find("bold") != std::string_view::npos;
  const double gap = is_bold ? 8 : 6;
  std::string lines;
  for (const std::string& line : WrapText(text, style.size * (is_bold ? kBold : 1), width)) {
    y += style.size + gap;
    lines += SvgText(kSvgMargin, y, line, style);
  }
  return lines;
}

std::string SvgPicture(const SvgFrame& frame, std::string_view body) {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + SvgNumber(frame.width) + " " +
         SvgNumber(frame.height) + "\"" + SvgAttribute("width", frame.width) +
         SvgAttribute("height", frame.height) +
         " role=\"img\" aria-labelledby=\"title desc\""
         " font-family=\"Helvetica, Arial, 'Liberation Sans', 'Noto Sans', sans-serif\">\n"
         "<title id=\"title\">" +
         EscapeXml(frame.title) + "</title>\n<desc id=\"desc\">" + EscapeXml(frame.description) +
         "</desc>\n" +
         SvgRectangle(0.5, 0.5, frame.width - 1, frame.height - 1,
                      R"(rx="14" fill="#ffffff" stroke="#d5dbe1")") +
         std::string(body) + "</svg>\n";
}

}  // namespace bertqa
