#include "io/chart_panel.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace bertqa {
namespace {

/// The smallest of 1, 2, 5 · 10^k that is at least `least`, as a mantissa and an exponent.
struct RoundStep {
  explicit RoundStep(double least) {
    exponent = static_cast<int>(std::floor(std::log10(least)));
    const double ratio = least / std::pow(10, exponent) * (1 - 1e-9);
    mantissa = ratio <= 1 ? 1 : (ratio <= 2 ? 2 : (ratio <= 5 ? 5 : 10));
  }

  /// Divides by a power of ten where that is exact: 3 · 0.1 is not 0.3.
  double Times(double count) const {
    const double product = count * mantissa;
    return exponent < 0 ? product / std::pow(10, -exponent) : product * std::pow(10, exponent);
  }

  double mantissa = 1;
  int exponent = 0;
};

double AtLeastSomething(double extent, double high) {
  return extent > 0 ? extent : (high != 0 ? std::abs(high) : 1);
}

}  // namespace

ChartAxis RoundAxis(double low, double high, std::size_t steps) {
  const RoundStep step(AtLeastSomething(high - low, high) / static_cast<double>(steps));
  constexpr double kSlack =
      1e-9;  // of a step: what is a tick but for rounding needs no further one
  const double first = std::floor(low / step.Times(1) + kSlack);
  const double last = std::max(std::ceil(high / step.Times(1) - kSlack), first + 1);
  ChartAxis axis = {step.Times(first), step.Times(last), {}};
  for (double tick = first; tick <= last; ++tick) {
    axis.ticks.push_back(step.Times(tick));
  }
  return axis;
}

ChartAxis ExactAxis(double low, double high, std::size_t steps) {
  ChartAxis axis = RoundAxis(low, high, steps);
  std::erase_if(axis.ticks, [&](double tick) { return tick < low || tick > high; });
  axis.low = low;
  axis.high = high > low ? high : low + 1;
  return axis;
}

std::string CountText(std::size_t count) {
  std::string text = std::to_string(count);
  for (std::size_t end = text.size(); end > 3; end -= 3) {
    text.insert(end - 3, ",");
  }
  return text;
}

std::string TickText(double value) {
  if (value >= 1000 && value < 1e15 && value == std::floor(value)) {
    return CountText(static_cast<std::size_t>(value));
  }
  std::array<char, 32> buffer = {};
  const bool is_tiny = value != 0 && std::abs(value) < 1e-3;
  const int length = is_tiny ? std::snprintf(buffer.data(), buffer.size(), "%.3e", value)
                             : std::snprintf(buffer.data(), buffer.size(), "%.6g", value);
  std::string text(buffer.data(), static_cast<std::size_t>(length));
  if (!is_tiny) {
    return text;
  }
  // "3.000e-05": neither its zeros nor its point are needed.
  const std::size_t exponent = text.find('e');
  std::string digits = text.substr(0, exponent);
  digits.erase(digits.find_last_not_of('0') + 1);
  digits.erase(digits.find_last_not_of('.') + 1);
  return digits + "e-" + text.substr(text.find_first_not_of('0', exponent + 2));
}

ChartPanel::ChartPanel(const Box& box, ChartAxis x, ChartAxis y)
    : box_(box), x_(std::move(x)), y_(std::move(y)) {}

double ChartPanel::X(double value) const {
  return box_.left + box_.width * (value - x_.low) / (x_.high - x_.low);
}

double ChartPanel::Y(double value) const {
  return bottom() - box_.height * (value - y_.low) / (y_.high - y_.low);
}

std::string ChartPanel::Grid(std::string_view y_unit) const {
  std::string grid;
  for (const double tick : x_.ticks) {
    grid += SvgLine({X(tick), box_.top}, {X(tick), bottom()}, R"(stroke="#eef1f4")");
  }
  for (const double tick : y_.ticks) {
    const double y = Y(tick);
    grid += SvgLine({box_.left, y}, {right(), y}, R"(stroke="#e3e8ed")");
    grid += SvgText(box_.left - 8, y + 4, TickText(tick) + std::string(y_unit),
                    {kSvgSmallSize, kSvgFaintInk, R"(text-anchor="end")"});
  }
  return grid + SvgLine({box_.left, bottom()}, {right(), bottom()}, R"(stroke="#8b949e")");
}

std::string ChartPanel::TickLabels(std::string_view x_unit) const {
  std::string labels;
  for (const double tick : x_.ticks) {
    labels += SvgText(X(tick), bottom() + 18, TickText(tick) + std::string(x_unit),
                      {kSvgSmallSize, kSvgFaintInk, R"(text-anchor="middle")"});
  }
  return labels;
}

std::string ChartPanel::Name(std::string_view text) const {
  return SvgText(kSvgMargin, box_.top - 16, text, {kSvgSmallSize, kSvgInk});
}

}  // namespace bertqa
