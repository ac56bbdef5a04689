#include "io/learning_curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

#include "io/chart_panel.h"
#include "io/learning_curve_points.h"
#include "io/svg_shapes.h"
#include "io/terminal_text.h"

namespace bertqa {
namespace {

constexpr double kWidth = 960;
constexpr double kLeft = kSvgMargin + 46;
constexpr double kLabelWidth = 74;  ///< right of the plots, for the last values
constexpr double kPlotWidth = kWidth - kLeft - kSvgMargin - kLabelWidth;
constexpr double kLossHeight = 260;
constexpr double kScoreHeight = 170;
constexpr double kRateHeight = 60;
constexpr double kBetweenPanels = 52;
constexpr std::size_t kMostPoints = 600;
/// The moving average reaches over a fortieth of the run to either side.
constexpr std::size_t kSmoothingShare = 40;

using Points = std::vector<CurvePoint>;
using Evaluation = LearningCurve::Evaluation;

std::string Fixed(double value, int decimals) {
  std::array<char, 400> buffer = {};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  return buffer.data();
}

std::string Stroke(std::string_view color, double width, double opacity) {
  return "fill=\"none\" stroke=\"" + std::string(color) + "\"" +
         SvgAttribute("stroke-width", width) + SvgAttribute("stroke-opacity", opacity) +
         " stroke-linejoin=\"round\"";
}

/// A line, or a dot for a single point.
std::string Curve(const ChartPanel& panel, const Points& points, std::string_view color,
                  double width, double opacity) {
  std::vector<SvgPoint> places;
  for (const CurvePoint& point : points) {
    places.push_back({panel.X(point.x), panel.Y(point.y)});
  }
  if (places.size() == 1) {
    return SvgCircle(places.front(), 3, "fill=\"" + std::string(color) + "\"");
  }
  return SvgPolyline(places, Stroke(color, width, opacity));
}

std::string EndLabel(const ChartPanel& panel, double y, const std::string& text,
                     std::string_view color) {
  return SvgText(panel.right() + 10, y + 4, text, {kSvgSmallSize, color, R"(font-weight="bold")"});
}

/// The curve without what cannot be drawn.
struct FiniteCurve {
  explicit FiniteCurve(const LearningCurve& curve) {
    for (const LearningCurve::Step& step : curve.steps) {
      if (std::isfinite(step.loss) && std::isfinite(step.learning_rate)) {
        loss.push_back({static_cast<double>(step.step), step.loss});
        rate.push_back({static_cast<double>(step.step), step.learning_rate});
      }
    }
    for (const Evaluation& evaluation : curve.evaluations) {
      if (std::isfinite(evaluation.exact) && std::isfinite(evaluation.f1)) {
        evaluations.push_back(evaluation);
      }
    }
    left_out = curve.steps.size() - loss.size() + curve.evaluations.size() - evaluations.size();
    smooth = SmoothPoints(loss, loss.size() / kSmoothingShare);
    const auto best_place =
        std::max_element(evaluations.begin(), evaluations.end(),
                         [](const Evaluation& a, const Evaluation& b) { return a.f1 < b.f1; });
    if (best_place != evaluations.end()) {
      best = *best_place;
    }
  }

  Points loss;
  Points smooth;
  Points rate;
  std::vector<Evaluation> evaluations;
  std::optional<Evaluation> best;  ///< the first of the highest F1
  std::size_t left_out = 0;
};

class Picture {
 public:
  explicit Picture(const LearningCurve& curve) : title_(FoldSpace(curve.title)), curve_(curve) {
    double low = 0;
    double high = 1;
    if (!curve_.loss.empty()) {
      low = curve_.loss.front().x;
      high = curve_.loss.back().x;
    }
    for (const Evaluation& evaluation : curve_.evaluations) {
      const auto step = static_cast<double>(evaluation.step);
      low = std::min(low, step);
      high = std::max(high, step);
    }
    // From 0, unless the run began long after it (as where it was resumed).
    steps_ = ExactAxis(low < high / 2 ? 0 : low, high, 8);
  }

  std::string Draw() {
    y_ = kSvgMargin - 8;
    body_ += SvgParagraph(y_, title_, kWidth - 2 * kSvgMargin,
                          {kSvgTitleSize, kSvgInk, R"(font-weight="bold")"});
    y_ += 6;
    body_ += SvgParagraph(y_, Summary(), kWidth - 2 * kSvgMargin, {kSvgTextSize, kSvgFaintInk});
    if (!curve_.loss.empty()) {
      DrawLoss();
    }
    if (!curve_.evaluations.empty()) {
      DrawScores();
    }
    if (!curve_.loss.empty()) {
      DrawRate();
    }
    DrawSteps();
    return SvgPicture({kWidth, y_ + kSvgMargin, title_, Summary()}, body_);
  }

 private:
  std::string Summary() const {
    std::string text = "No step yet.";
    if (!curve_.loss.empty()) {
      text = CountText(curve_.loss.size()) + (curve_.loss.size() == 1 ? " step" : " steps") +
             ", loss " + Fixed(curve_.smooth.front().y, 3);
      text += curve_.loss.size() == 1 ? "." : " to " + Fixed(curve_.smooth.back().y, 3) + ".";
    }
    if (curve_.best) {
      text += " Best on the development file: exact match " + Fixed(curve_.best->exact, 2) +
              ", F1 " + Fixed(curve_.best->f1, 2) + ", at step " + CountText(curve_.best->step) +
              ".";
    }
    if (curve_.left_out > 0) {
      text += " Left out as no finite number: " + CountText(curve_.left_out) + ".";
    }
    return text;
  }

  ChartPanel Panel(double height, ChartAxis axis) {
    y_ += kBetweenPanels;
    const ChartPanel panel({kLeft, y_, kPlotWidth, height}, steps_, std::move(axis));
    y_ += height;
    last_panel_ = panel;
    return panel;
  }

  void DrawLoss() {
    const Points raw = ThinPoints(curve_.loss, kMostPoints);
    const auto [least, most] = std::minmax_element(
        raw.begin(), raw.end(), [](const auto& a, const auto& b) { return a.y < b.y; });
    const ChartPanel panel =
        Panel(kLossHeight, RoundAxis(std::min(0.0, least->y), std::max(0.0, most->y), 5));
    const bool is_smoothed = curve_.loss.size() >= kSmoothingShare;
    body_ += panel.Name(is_smoothed ? "loss of a step, and its moving average" : "loss of a step");
    body_ += panel.Grid();
    if (is_smoothed) {
      body_ += Curve(panel, raw, kSvgBlue, 1, 0.4);
    }
    body_ += Curve(panel, ThinPoints(curve_.smooth, kMostPoints), kSvgBlue, 2.5, 1);
    body_ += EndLabel(panel, panel.Y(curve_.smooth.back().y), Fixed(curve_.smooth.back().y, 3),
                      kSvgBlue);
  }

  void DrawScores() {
    double low = 100;
    double high = 0;
    for (const Evaluation& evaluation : curve_.evaluations) {
      low = std::min({low, evaluation.exact, evaluation.f1});
      high = std::max({high, evaluation.exact, evaluation.f1});
    }
    constexpr double kLeastExtent = 5;  // a tenth of a point is not to look like progress
    low = std::clamp(low, 0.0, 100 - kLeastExtent);
    high = std::max(high, low + kLeastExtent);
    const ChartPanel panel = Panel(kScoreHeight, RoundAxis(low, high, 5));
    body_ += panel.Name("exact match and F1 on the development file (ringed: the best F1)");
    body_ += panel.Grid(" %");
    DrawScore(panel, &Evaluation::f1, kSvgOrange);
    DrawScore(panel, &Evaluation::exact, kSvgGreen);
    const Evaluation& last = curve_.evaluations.back();
    const double f1 = panel.Y(last.f1);
    const double exact = std::max(panel.Y(last.exact), f1 + 16);  // apart, where they are close
    body_ += EndLabel(panel, f1, "F1 " + Fixed(last.f1, 2), kSvgOrange);
    body_ += EndLabel(panel, exact, "EM " + Fixed(last.exact, 2), kSvgGreen);
  }

  void DrawScore(const ChartPanel& panel, double Evaluation::* figure, std::string_view color) {
    Points points;
    for (const Evaluation& evaluation : curve_.evaluations) {
      points.push_back({static_cast<double>(evaluation.step), evaluation.*figure});
    }
    const Points thin = ThinPoints(points, kMostPoints);
    body_ += Curve(panel, thin, color, 2, 1);
    constexpr std::size_t kMostDots = 60;
    if (thin.size() <= kMostDots) {
      for (const CurvePoint& point : thin) {
        body_ += SvgCircle({panel.X(point.x), panel.Y(point.y)}, 3.5,
                           "fill=\"" + std::string(color) + "\"");
      }
    }
    body_ += SvgCircle(
        {panel.X(static_cast<double>(curve_.best->step)), panel.Y((*curve_.best).*figure)}, 6.5,
        Stroke(color, 1.5, 1));
  }

  void DrawRate() {
    const Points rate = ThinPoints(curve_.rate, kMostPoints);
    double high = 0;
    for (const CurvePoint& point : rate) {
      high = std::max(high, point.y);
    }
    const ChartPanel panel = Panel(kRateHeight, RoundAxis(0, high, 2));
    body_ += panel.Name("learning rate");
    body_ += panel.Grid();
    body_ += Curve(panel, rate, kSvgFaintInk, 1.5, 1);
  }

  void DrawSteps() {
    if (last_panel_) {
      body_ += last_panel_->TickLabels();
      body_ += SvgText(kLeft + kPlotWidth / 2, y_ + 42, "step",
                       {kSvgSmallSize, kSvgInk, R"(text-anchor="middle")"});
      y_ += 42;
    }
  }

  std::string title_;
  FiniteCurve curve_;
  ChartAxis steps_;
  std::optional<ChartPanel> last_panel_;
  std::string body_;
  double y_ = 0;
};

}  // namespace

std::string FormatLearningCurveSvg(const LearningCurve& curve) {
  return Picture(curve).Draw();
}

}  // namespace bertqa
