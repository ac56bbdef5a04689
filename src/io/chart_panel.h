#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "io/svg_shapes.h"

namespace bertqa {

/// A range of values and where its ticks are.
struct ChartAxis {
  double low = 0;
  double high = 1;
  std::vector<double> ticks;
};

/// The range widened to whole steps of 1, 2 or 5 · 10^k, with about `steps` of them.
/// REQUIRES: finite, low <= high, steps >= 1.
ChartAxis RoundAxis(double low, double high, std::size_t steps);

/// The same range with ticks inside it: an axis that ends where its data end.
/// REQUIRES: as RoundAxis.
ChartAxis ExactAxis(double low, double high, std::size_t steps);

/// "0.5", "12,000", "3e-5": at most six digits.
std::string TickText(double value);

/// "12,000".
std::string CountText(std::size_t count);

/// A plot: values to places, its grid, and the labels beside it.
class ChartPanel {
 public:
  struct Box {
    double left = 0;
    double top = 0;
    double width = 0;
    double height = 0;
  };

  ChartPanel(const Box& box, ChartAxis x, ChartAxis y);

  const Box& box() const { return box_; }
  double X(double value) const;
  double Y(double value) const;
  double right() const { return box_.left + box_.width; }
  double bottom() const { return box_.top + box_.height; }

  /// A line at each tick of y with its label, a fainter one at each tick of x, and the base line.
  std::string Grid(std::string_view y_unit = "") const;
  /// Below the panel: the ticks of x.
  std::string TickLabels(std::string_view x_unit = "") const;
  /// Above the panel, at its left.
  std::string Name(std::string_view text) const;

 private:
  Box box_;
  ChartAxis x_;
  ChartAxis y_;
};

}  // namespace bertqa
