#include "io/learning_curve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <regex>

#include "io/learning_curve_points.h"
#include "io/xml_problem.h"

namespace bertqa {
namespace {

LearningCurve MakeCurve(std::size_t steps) {
  LearningCurve curve;
  curve.title = "Training <minilm> & more";
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 0.2);
  for (std::size_t step = 1; step <= steps; ++step) {
    const double share = static_cast<double>(step) / static_cast<double>(steps);
    curve.steps.push_back({step, 1 + 4 * std::exp(-8 * share) + std::abs(noise(random)),
                           3e-5 * std::min(share * 10, 1 - share)});
  }
  for (std::size_t i = 1; i <= 5; ++i) {
    const auto bend = static_cast<double>(i);
    curve.evaluations.push_back(
        {i * steps / 5, 50 + 3 * bend - (i == 5 ? 4 : 0), 65 + 3 * bend - (i == 5 ? 4 : 0)});
  }
  return curve;
}

std::size_t PointsOfLongestLine(const std::string& svg) {
  std::size_t most = 0;
  for (std::size_t at = svg.find("points=\""); at != std::string::npos;
       at = svg.find("points=\"", at + 1)) {
    const std::string points = svg.substr(at + 8, svg.find('"', at + 8) - at - 8);
    most = std::max(most, CountOf(points, ","));
  }
  return most;
}

TEST(FormatLearningCurveSvgTest, IsWellFormedAndSaysItsFigures) {
  const std::string svg = FormatLearningCurveSvg(MakeCurve(1000));
  EXPECT_EQ(XmlProblem(svg), "");
  EXPECT_NE(svg.find("Training &lt;minilm&gt; &amp; more</title>"), std::string::npos);
  EXPECT_NE(svg.find("1,000 steps, loss "), std::string::npos);
  EXPECT_NE(svg.find("exact match 62.00, F1 77.00, at step 800."), std::string::npos);
  EXPECT_NE(svg.find(">F1 76.00</text>"), std::string::npos) << "the last one";
  EXPECT_NE(svg.find(">2e-5</text>"), std::string::npos) << "learning rate";
}

TEST(FormatLearningCurveSvgTest, ManyStepsMakeNoLargeFile) {
  const std::string svg = FormatLearningCurveSvg(MakeCurve(200000));
  EXPECT_EQ(PointsOfLongestLine(svg), 600U);
  EXPECT_LT(svg.size(), 60000U);
  EXPECT_EQ(PointsOfLongestLine(FormatLearningCurveSvg(MakeCurve(599))), 599U);
}

TEST(FormatLearningCurveSvgTest, EverythingIsInsideThePicture) {
  LearningCurve curve = MakeCurve(300);
  curve.steps[100].loss = 57;
  curve.evaluations.push_back({400, 99.9, 100});
  const std::string svg = FormatLearningCurveSvg(curve);
  static const std::regex kPoint(R"re(([-0-9.]+),([-0-9.]+)[ "])re");
  for (std::sregex_iterator point(svg.begin(), svg.end(), kPoint), end; point != end; ++point) {
    EXPECT_GE(std::stod((*point)[1]), 89.9);
    EXPECT_LE(std::stod((*point)[1]), 842.1);
    EXPECT_GE(std::stod((*point)[2]), 44.0);
  }
}

TEST(FormatLearningCurveSvgTest, DrawsWhatThereIs) {
  LearningCurve curve;
  curve.title = "t";
  std::string svg = FormatLearningCurveSvg(curve);
  EXPECT_EQ(XmlProblem(svg), "");
  EXPECT_NE(svg.find("No step yet."), std::string::npos);

  curve.steps = {{1, 2.5, 0}};
  svg = FormatLearningCurveSvg(curve);
  EXPECT_EQ(XmlProblem(svg), "");
  EXPECT_EQ(CountOf(svg, "<polyline"), 0U);
  EXPECT_EQ(CountOf(svg, "<circle"), 2U) << "loss and learning rate";
  EXPECT_NE(svg.find("1 step, loss 2.500."), std::string::npos);

  curve.steps.clear();
  curve.evaluations = {{0, 10, 20}};
  svg = FormatLearningCurveSvg(curve);
  EXPECT_EQ(XmlProblem(svg), "");
  EXPECT_EQ(svg.find("learning rate"), std::string::npos);
  EXPECT_NE(svg.find("F1 20.00, at step 0."), std::string::npos);
}

TEST(FormatLearningCurveSvgTest, LeavesOutWhatIsNoNumber) {
  LearningCurve curve = MakeCurve(50);
  curve.steps[10].loss = std::numeric_limits<double>::quiet_NaN();
  curve.steps[11].loss = std::numeric_limits<double>::infinity();
  curve.evaluations[1].f1 = std::numeric_limits<double>::quiet_NaN();
  const std::string svg = FormatLearningCurveSvg(curve);
  EXPECT_NE(svg.find("48 steps"), std::string::npos);
  EXPECT_NE(svg.find("Left out as no finite number: 3."), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf\""), std::string::npos);
}

std::vector<CurvePoint> RandomPoints(std::mt19937& random, std::size_t count) {
  std::vector<CurvePoint> points;
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back(
        {static_cast<double>(i), std::uniform_real_distribution<double>(0, 5)(random)});
  }
  return points;
}

TEST(ThinPointsTest, KeepsFewAndAveragesMany) {
  EXPECT_TRUE(ThinPoints({}, 10).empty());
  const std::vector<CurvePoint> thin = ThinPoints({{0, 1}, {1, 3}, {2, 5}, {3, 9}, {4, 4}}, 2);
  ASSERT_EQ(thin.size(), 2U);
  EXPECT_EQ(thin[0].x, 0.5);
  EXPECT_EQ(thin[0].y, 2.0);
  EXPECT_EQ(thin[1].y, 6.0);
}

TEST(ThinPointsTest, EveryPointCountsOnce) {
  constexpr unsigned kSeed = 3;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 100; ++round) {
    const std::vector<CurvePoint> points = RandomPoints(random, 1 + random() % 300);
    const std::size_t most = 1 + random() % 100;
    const std::vector<CurvePoint> thin = ThinPoints(points, most);
    ASSERT_EQ(thin.size(), std::min(most, points.size()));
    double all = 0;
    for (const CurvePoint& point : points) {
      all += point.x;
    }
    // Each mean is of a run of whole numbers, which its middle gives back.
    double begin = 0;
    double sum = 0;
    for (const CurvePoint& point : thin) {
      const double count = 2 * (point.x - begin) + 1;
      sum += count * point.x;
      begin += count;
    }
    EXPECT_EQ(begin, static_cast<double>(points.size())) << "seed " << kSeed;
    EXPECT_NEAR(sum, all, 1e-6) << "seed " << kSeed;
  }
}

TEST(SmoothPointsTest, IsTheMeanOfTheNeighbours) {
  constexpr unsigned kSeed = 4;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 50; ++round) {
    const std::vector<CurvePoint> points = RandomPoints(random, 1 + random() % 60);
    const std::size_t radius = random() % 20;
    const std::vector<CurvePoint> smooth = SmoothPoints(points, radius);
    ASSERT_EQ(smooth.size(), points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      const std::size_t reach = std::min(i, radius);
      double sum = 0;
      double count = 0;
      for (std::size_t j = i - reach; j <= i + reach && j < points.size(); ++j) {
        sum += points[j].y;
        count += 1;
      }
      EXPECT_NEAR(smooth[i].y, sum / count, 1e-9) << "seed " << kSeed << ", round " << round;
      EXPECT_EQ(smooth[i].x, points[i].x);
    }
  }
}

}  // namespace
}  // namespace bertqa
