#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "bertqa/window.h"

namespace bertqa {
namespace {

using Lengths = std::vector<std::size_t>;

std::size_t SumOf(const Lengths& lengths, const BatchPlan& plan) {
  std::size_t sum = 0;
  for (const std::size_t window_index : plan.window_indices) {
    sum += lengths[window_index];
  }
  return sum;
}

Lengths RandomLengths(std::mt19937& random) {
  Lengths lengths(random() % 60);
  for (std::size_t& length : lengths) {
    length = 1 + random() % 100;
  }
  return lengths;
}

TEST(BatchPlanTest, EveryIndexIsInOneBatchAndNoBatchIsTooLarge) {
  std::mt19937 random(11);
  for (int round = 0; round < 500; ++round) {
    const Lengths lengths = RandomLengths(random);
    const std::size_t limit = 1 + random() % 200;
    std::vector<int> seen(lengths.size(), 0);
    for (const BatchPlan& plan : PlanBatches(lengths, limit)) {
      ASSERT_FALSE(plan.window_indices.empty()) << "seed 11, round " << round;
      ASSERT_EQ(plan.tokens, SumOf(lengths, plan));
      ASSERT_TRUE(plan.tokens <= limit || plan.window_indices.size() == 1)
          << "seed 11, round " << round;
      for (const std::size_t window_index : plan.window_indices) {
        ++seen[window_index];
      }
    }
    ASSERT_EQ(seen, std::vector<int>(lengths.size(), 1)) << "seed 11, round " << round;
  }
}

TEST(BatchPlanTest, BatchIsFullWhenAnyLaterWindowWouldOverflowIt) {
  std::mt19937 random(12);
  for (int round = 0; round < 300; ++round) {
    const Lengths lengths = RandomLengths(random);
    const std::size_t limit = 1 + random() % 300;
    const std::vector<BatchPlan> plans = PlanBatches(lengths, limit);
    for (std::size_t i = 0; i + 1 < plans.size(); ++i) {
      for (const std::size_t later : plans[i + 1].window_indices) {
        ASSERT_GT(plans[i].tokens + lengths[later], limit) << "seed 12, round " << round;
      }
    }
  }
}

TEST(BatchPlanTest, LongestComesFirst) {
  std::mt19937 random(13);
  for (int round = 0; round < 300; ++round) {
    const Lengths lengths = RandomLengths(random);
    std::size_t previous = 1000;
    for (const BatchPlan& plan : PlanBatches(lengths, 150)) {
      const std::size_t first = lengths[plan.window_indices.front()];
      ASSERT_LE(first, previous) << "seed 13, round " << round;
      for (const std::size_t window_index : plan.window_indices) {
        ASSERT_LE(lengths[window_index], first) << "seed 13, round " << round;
      }
      previous = first;
    }
  }
}

TEST(BatchPlanTest, GapIsFilledWithTheLongestThatFits) {
  const std::vector<BatchPlan> plans = PlanBatches(Lengths{30, 60, 10, 60, 40}, 100);
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans[0].window_indices, (Lengths{1, 4}));
  EXPECT_EQ(plans[1].window_indices, (Lengths{3, 0, 2}));
}

TEST(BatchPlanTest, EqualLengthsKeepTheirOrder) {
  const std::vector<BatchPlan> plans = PlanBatches(Lengths(5, 10), 20);
  ASSERT_EQ(plans.size(), 3U);
  EXPECT_EQ(plans[0].window_indices, (Lengths{0, 1}));
  EXPECT_EQ(plans[1].window_indices, (Lengths{2, 3}));
  EXPECT_EQ(plans[2].window_indices, (Lengths{4}));
}

TEST(BatchPlanTest, WindowAboveTheLimitIsAlone) {
  const std::vector<BatchPlan> plans = PlanBatches(Lengths{1, 500, 1}, 100);
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans[0].window_indices, (Lengths{1}));
  EXPECT_EQ(plans[1].window_indices, (Lengths{0, 2}));
}

TEST(BatchPlanTest, NoWindowNoBatch) {
  EXPECT_TRUE(PlanBatches({}, 100).empty());
}

}  // namespace
}  // namespace bertqa
