#pragma once

#include <cstddef>
#include <vector>

namespace bertqa {

struct CurvePoint {
  double x = 0;
  double y = 0;
};

/// At most `most` points, each the mean of as many neighbours as any other (or one more).
/// REQUIRES: most >= 1.
std::vector<CurvePoint> ThinPoints(const std::vector<CurvePoint>& points, std::size_t most);

/// The mean of y over `radius` points to either side; fewer at the beginning, where as many are
/// missing on the right as on the left (a loss falls steeply there), and at the end.
std::vector<CurvePoint> SmoothPoints(const std::vector<CurvePoint>& points, std::size_t radius);

}  // namespace bertqa
