#include "io/chart_panel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace bertqa {
namespace {

TEST(RoundAxisTest, TicksAreRoundAndHoldTheRange) {
  const ChartAxis loss = RoundAxis(0, 2.83, 5);
  EXPECT_EQ(loss.ticks, (std::vector<double>{0, 1, 2, 3}));
  EXPECT_EQ(loss.high, 3.0);
  EXPECT_EQ(RoundAxis(0, 0.6, 3).ticks, (std::vector<double>{0, 0.2, 0.4, 0.6}));
  EXPECT_EQ(RoundAxis(0, 3e-5, 2).ticks, (std::vector<double>{0, 2e-5, 4e-5}));
  EXPECT_EQ(RoundAxis(61.2, 77.9, 5).ticks, (std::vector<double>{60, 65, 70, 75, 80}));
}

TEST(RoundAxisTest, ARangeOfNothingHasAnExtent) {
  for (const double value : {0.0, 5.0, -3.0, 1e-5, 100.0}) {
    const ChartAxis axis = RoundAxis(value, value, 4);
    EXPECT_LE(axis.low, value);
    EXPECT_GE(axis.high, value);
    EXPECT_LT(axis.low, axis.high);
    EXPECT_GE(axis.ticks.size(), 2U);
  }
}

TEST(RoundAxisTest, HoldsAnyRange) {
  constexpr unsigned kSeed = 5;
  std::mt19937 random(kSeed);
  std::uniform_real_distribution<double> mantissa(-10, 10);
  for (int round = 0; round < 2000; ++round) {
    const double scale = std::pow(10, static_cast<double>(random() % 12) - 6);
    const double a = mantissa(random) * scale;
    const double b = mantissa(random) * scale;
    const std::size_t steps = 1 + random() % 9;
    const ChartAxis axis = RoundAxis(std::min(a, b), std::max(a, b), steps);
    const double extent = axis.high - axis.low;
    ASSERT_LE(axis.low, std::min(a, b) + 1e-8 * extent) << "seed " << kSeed << ", " << round;
    ASSERT_GE(axis.high, std::max(a, b) - 1e-8 * extent) << "seed " << kSeed << ", " << round;
    ASSERT_LE(axis.ticks.size(), steps + 3) << "seed " << kSeed << ", round " << round;
  }
}

TEST(ExactAxisTest, EndsWhereTheDataEnd) {
  const ChartAxis axis = ExactAxis(0, 1731, 8);
  EXPECT_EQ(axis.high, 1731.0);
  EXPECT_EQ(axis.ticks.back(), 1500.0);
  EXPECT_GT(ExactAxis(7, 7, 8).high, 7.0);
}

TEST(TickTextTest, IsShort) {
  EXPECT_EQ(TickText(0), "0");
  EXPECT_EQ(TickText(0.5), "0.5");
  EXPECT_EQ(TickText(0.1 + 0.2), "0.3");
  EXPECT_EQ(TickText(12000), "12,000");
  EXPECT_EQ(TickText(2000000), "2,000,000");
  EXPECT_EQ(TickText(3e-5), "3e-5");
  EXPECT_EQ(TickText(1.5e-5), "1.5e-5");
  EXPECT_EQ(TickText(0.002), "0.002");
  EXPECT_EQ(TickText(2e-12), "2e-12");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1234567), "1,234,567");
}

TEST(ChartPanelTest, PutsValuesInTheirPlace) {
  const ChartPanel panel({10, 20, 100, 50}, {0, 10, {0, 5, 10}}, {1, 3, {1, 2, 3}});
  EXPECT_EQ(panel.X(0), 10.0);
  EXPECT_EQ(panel.X(5), 60.0);
  EXPECT_EQ(panel.Y(1), 70.0);
  EXPECT_EQ(panel.Y(3), 20.0);
  EXPECT_NE(panel.Grid(" %").find(">2 %</text>"), std::string::npos);
  EXPECT_NE(panel.TickLabels().find("<text x=\"60\""), std::string::npos);
}

}  // namespace
}  // namespace bertqa
