#include "eval/threshold_search.h"

#include <gtest/gtest.h>

#include <vector>

namespace bertqa {
namespace {

TEST(ThresholdSearchTest, NothingToGainKeepsZero) {
  const std::vector<ThresholdCandidate> candidates = {{-3, -1}, {2, 0}};
  const BestThreshold best = FindBestThreshold(candidates, 5);
  EXPECT_EQ(best.score, 5.0);
  EXPECT_EQ(best.threshold, 0.0);
}

TEST(ThresholdSearchTest, AnswersByRisingScore) {
  const std::vector<ThresholdCandidate> candidates = {{3, 1}, {-2, 1}, {1, -1}, {0, 0.5}};
  const BestThreshold best = FindBestThreshold(candidates, 1);
  EXPECT_EQ(best.score, 2.5);
  EXPECT_EQ(best.threshold, 0.0);
}

TEST(ThresholdSearchTest, EqualScoresKeepTheirOrder) {
  // No threshold lies between equal scores, but the official search counts the best prefix.
  const std::vector<ThresholdCandidate> gain_first = {{1, 1}, {1, -1}};
  const std::vector<ThresholdCandidate> loss_first = {{1, -1}, {1, 1}};
  EXPECT_EQ(FindBestThreshold(gain_first, 3).score, 4.0);
  EXPECT_EQ(FindBestThreshold(gain_first, 3).threshold, 1.0);
  EXPECT_EQ(FindBestThreshold(loss_first, 3).score, 3.0);
  EXPECT_EQ(FindBestThreshold(loss_first, 3).threshold, 0.0);
}

TEST(ThresholdSearchTest, FirstOfEquallyGoodThresholdsStays) {
  const std::vector<ThresholdCandidate> candidates = {{1, 1}, {2, -1}, {3, 1}};
  EXPECT_EQ(FindBestThreshold(candidates, 0).threshold, 1.0);
}

}  // namespace
}  // namespace bertqa
