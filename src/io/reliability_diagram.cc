#include "io/reliability_diagram.h"

#include <algorithm>
#include <cmath>

#include "bertqa/error.h"
#include "io/chart_panel.h"
#include "io/svg_shapes.h"
#include "io/svg_text.h"
#include "io/terminal_text.h"

namespace bertqa {
namespace {

constexpr double kWidth = 640;
constexpr double kLeft = kSvgMargin + 46;
constexpr double kPlotWidth = kWidth - kLeft - kSvgMargin;
constexpr double kPlotHeight = 400;
constexpr double kCountsHeight = 70;
constexpr std::string_view kRightStyle = R"(fill="#1f5fd1")";
constexpr std::string_view kTooSureStyle = R"(fill="#fbe3d8" stroke="#d9480f" stroke-width="1.2")";
constexpr std::string_view kTooModestStyle =
    R"(fill="#c3d6f5" stroke="#1f5fd1" stroke-width="1.2")";
constexpr std::string_view kDiagonalStyle =
    R"(stroke="#1b1f24" stroke-width="1.5" stroke-dasharray="6 4")";

std::string Percent(double share) {
  return PercentText(static_cast<float>(share));
}

/// All bins together.
struct Totals {
  explicit Totals(const std::vector<ReliabilityBin>& bins) {
    for (const ReliabilityBin& bin : bins) {
      const auto answers = static_cast<double>(bin.count);
      count += bin.count;
      largest = std::max(largest, bin.count);
      share_right += answers * bin.share_right;
      mean_probability += answers * bin.mean_probability;
    }
    if (count == 0) {
      throw Error(ErrorCode::kMalformed,
                  "reliability diagram: expected at least one answer, found none");
    }
    share_right /= static_cast<double>(count);
    mean_probability /= static_cast<double>(count);
  }

  std::size_t count = 0;
  std::size_t largest = 0;
  double share_right = 0;
  double mean_probability = 0;
};

/// The whole range in tenths at most, whatever the bins, so that each label has its room.
ChartAxis PercentAxis(double ticks) {
  ChartAxis axis = {0, 100, {}};
  for (double tick = 0; tick <= ticks; ++tick) {
    axis.ticks.push_back(100 * tick / ticks);
  }
  return axis;
}

class Picture {
 public:
  explicit Picture(const ReliabilityDiagram& diagram) : diagram_(diagram), totals_(diagram.bins) {}

  std::string Draw() {
    DrawHead();
    DrawShares();
    DrawCounts();
    return SvgPicture({kWidth, y_ + kSvgMargin, diagram_.title, Summary() + " " + Overall()},
                      body_);
  }

 private:
  std::string Summary() const {
    return "Expected calibration error: " + Percent(diagram_.expected_calibration_error) +
           ", over " + CountText(totals_.count) + (totals_.count == 1 ? " answer." : " answers.");
  }

  std::string Overall() const {
    return Percent(totals_.share_right) + " are right; their mean probability is " +
           Percent(totals_.mean_probability) + ".";
  }

  void DrawHead() {
    constexpr double kTextWidth = kWidth - 2 * kSvgMargin;
    y_ = kSvgMargin - 8;
    body_ += SvgParagraph(y_, FoldSpace(diagram_.title), kTextWidth,
                          {kSvgTitleSize, kSvgInk, R"(font-weight="bold")"});
    y_ += 6;
    body_ += SvgParagraph(y_, Summary(), kTextWidth, {kSvgTextSize, kSvgInk});
    body_ += SvgParagraph(y_, Overall(), kTextWidth, {kSvgTextSize, kSvgFaintInk});
    y_ += 30;
    DrawLegend();
    y_ += 44;
  }

  void DrawLegend() {
    double x = kSvgMargin;
    const auto sample = [&](std::string_view style, const std::string& name) {
      body_ += SvgRectangle(x, y_ - 11, 13, 13, style);
      body_ += SvgText(x + 20, y_, name, {kSvgSmallSize, kSvgInk});
      x += 20 + EstimateWidth(name, kSvgSmallSize) + 20;
    };
    sample(kRightStyle, "right");
    sample(kTooSureStyle, "gap: too sure");
    sample(kTooModestStyle, "gap: not sure enough");
    body_ += SvgLine({x, y_ - 4.5}, {x + 30, y_ - 4.5}, kDiagonalStyle);
    body_ += SvgText(x + 38, y_, "as it should be", {kSvgSmallSize, kSvgInk});
  }

  void DrawShares() {
    const ChartPanel panel({kLeft, y_, kPlotWidth, kPlotHeight}, PercentAxis(10), PercentAxis(5));
    body_ += panel.Name("share of answers that are right");
    body_ += panel.Grid(" %");
    for (const ReliabilityBin& bin : diagram_.bins) {
      if (bin.count > 0) {
        DrawBar(panel, bin);
      }
    }
    body_ += SvgLine({panel.X(0), panel.Y(0)}, {panel.X(100), panel.Y(100)}, kDiagonalStyle);
    y_ = panel.bottom();
  }

  void DrawBar(const ChartPanel& panel, const ReliabilityBin& bin) {
    const double left = panel.X(100 * bin.begin) + 2;
    const double width = panel.X(100 * bin.end) - 2 - left;
    const auto bar = [&](double from, double to, std::string_view style) {
      body_ += SvgRectangle(left, panel.Y(100 * to), width, panel.Y(100 * from) - panel.Y(100 * to),
                            style);
    };
    const double solid = std::min(bin.share_right, bin.mean_probability);
    const double top = std::max(bin.share_right, bin.mean_probability);
    body_ += "<g><title>" + EscapeXml(Describe(bin)) + "</title>\n";
    bar(0, solid, kRightStyle);
    bar(solid, top, bin.share_right < top ? kTooSureStyle : kTooModestStyle);
    body_ += "</g>\n";
  }

  static std::string Describe(const ReliabilityBin& bin) {
    return TickText(100 * bin.begin) + " to " + TickText(100 * bin.end) +
           " %: " + CountText(bin.count) + (bin.count == 1 ? " answer" : " answers") + ", " +
           Percent(bin.share_right) + " right, mean probability " + Percent(bin.mean_probability);
  }

  void DrawCounts() {
    const ChartPanel panel({kLeft, y_ + 64, kPlotWidth, kCountsHeight}, PercentAxis(10),
                           {0, static_cast<double>(totals_.largest), {}});
    body_ +=
        SvgText(kSvgMargin, panel.box().top - 28, "number of answers", {kSvgSmallSize, kSvgInk});
    body_ += panel.Grid();
    for (const ReliabilityBin& bin : diagram_.bins) {
      const double left = panel.X(100 * bin.begin) + 2;
      const double width = panel.X(100 * bin.end) - 2 - left;
      const double top = panel.Y(static_cast<double>(bin.count));
      body_ += SvgRectangle(left, top, width, panel.bottom() - top, R"(fill="#9aa5b1")");
      const std::string text = CountText(bin.count);
      if (EstimateWidth(text, kSvgTinySize) <= width + 4) {
        body_ += SvgText(left + width / 2, top - 5, text,
                         {kSvgTinySize, kSvgFaintInk, R"(text-anchor="middle")"});
      }
    }
    body_ += panel.TickLabels(" %");
    body_ += SvgText(kLeft + kPlotWidth / 2, panel.bottom() + 42, "probability given",
                     {kSvgSmallSize, kSvgInk, R"(text-anchor="middle")"});
    y_ = panel.bottom() + 42;
  }

  const ReliabilityDiagram& diagram_;
  Totals totals_;
  std::string body_;
  double y_ = 0;
};

}  // namespace

std::string FormatReliabilityDiagramSvg(const ReliabilityDiagram& diagram) {
  return Picture(diagram).Draw();
}

}  // namespace bertqa
