#include "io/learning_curve_points.h"

#include <algorithm>

namespace bertqa {

std::vector<CurvePoint> ThinPoints(const std::vector<CurvePoint>& points, std::size_t most) {
  const std::size_t groups = std::min(most, points.size());
  std::vector<CurvePoint> thin;
  thin.reserve(groups);
  for (std::size_t group = 0; group < groups; ++group) {
    const std::size_t begin = group * points.size() / groups;
    const std::size_t end = (group + 1) * points.size() / groups;
    CurvePoint sum;
    for (std::size_t i = begin; i < end; ++i) {
      sum.x += points[i].x;
      sum.y += points[i].y;
    }
    const auto count = static_cast<double>(end - begin);
    thin.push_back({sum.x / count, sum.y / count});
  }
  return thin;
}

std::vector<CurvePoint> SmoothPoints(const std::vector<CurvePoint>& points, std::size_t radius) {
  std::vector<double> sum_before(points.size() + 1, 0);
  for (std::size_t i = 0; i < points.size(); ++i) {
    sum_before[i + 1] = sum_before[i] + points[i].y;
  }
  std::vector<CurvePoint> smooth;
  smooth.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t reach = std::min(radius, i);
    const std::size_t begin = i - reach;
    const std::size_t end = std::min(i + reach + 1, points.size());
    smooth.push_back(
        {points[i].x, (sum_before[end] - sum_before[begin]) / static_cast<double>(end - begin)});
  }
  return smooth;
}

}  // namespace bertqa
