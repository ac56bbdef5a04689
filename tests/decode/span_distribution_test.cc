#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bertqa/decode.h"
#include "bertqa/error.h"
#include "decode/random_logits.h"

namespace bertqa {
namespace {

double SumOfProbabilities(const LogitSet& set, std::size_t limit, double temperature) {
  const SpanDistribution distribution = ComputeDistribution(set.windows(), limit, temperature);
  double sum = distribution.Probability(distribution.null_logit);
  for (const TokenSpan& span : AllSpans(set.windows(), limit)) {
    sum += distribution.Probability(span.logit);
  }
  return sum;
}

TEST(SpanDistributionTest, AllValidSpansAndTheNullTermSumToOne) {
  std::mt19937 random(31);
  for (int round = 0; round < 300; ++round) {
    const LogitSet set = RandomTiedLogits(random);
    const std::size_t limit = 1 + random() % 40;
    ASSERT_NEAR(SumOfProbabilities(set, limit, 1), 1, 1e-5) << "seed 31, round " << round;
    ASSERT_NEAR(SumOfProbabilities(set, limit, 2.5), 1, 1e-5) << "seed 31, round " << round;
  }
}

TEST(SpanDistributionTest, NormaliserIsTheLogOfThePlainSum) {
  std::mt19937 random(32);
  for (int round = 0; round < 300; ++round) {
    const LogitSet set = RandomTiedLogits(random);
    const std::size_t limit = 1 + random() % 40;
    const double temperature = 0.5 + static_cast<double>(random() % 4);
    const SpanDistribution distribution = ComputeDistribution(set.windows(), limit, temperature);
    double sum = std::exp(static_cast<double>(distribution.null_logit) / temperature);
    for (const TokenSpan& span : AllSpans(set.windows(), limit)) {
      sum += std::exp(static_cast<double>(span.logit) / temperature);
    }
    ASSERT_NEAR(distribution.log_normaliser, std::log(sum), 1e-12) << "seed 32, round " << round;
  }
}

TEST(SpanDistributionTest, NullLogitIsTheSmallestOverTheWindows) {
  LogitSet set;
  set.Add(0, {0, 1, 0, 1}, {0}, {0}, 4);
  set.Add(0, {1, 2, 1, 2}, {0}, {0}, -2);
  set.Add(1, {0, 1, 0, 1}, {0}, {0}, 1);
  EXPECT_EQ(ComputeDistribution(set.windows(), 30, 1).null_logit, -2.0F);
}

TEST(SpanDistributionTest, LargeLogitsNeitherOverflowNorVanish) {
  LogitSet set;
  set.Add(0, WholeWindow(2), {20000, -20000}, {20000, -20000}, 39999);
  const SpanDistribution distribution = ComputeDistribution(set.windows(), 30, 1);
  EXPECT_NEAR(distribution.Probability(40000), 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_EQ(distribution.Probability(0), 0.0F);
}

TEST(SpanDistributionTest, ProbabilityNeverExceedsOne) {
  LogitSet set;
  set.Add(0, WholeWindow(1), {50}, {50}, -100);
  EXPECT_EQ(ComputeDistribution(set.windows(), 1, 1).Probability(100), 1.0F);
}

TEST(SpanDistributionTest, BrokenLogitsThrow) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float broken : {nan, infinity, -infinity}) {
    LogitSet start;
    start.Add(0, WholeWindow(2), {0, broken}, {0, 0}, 0);
    EXPECT_THROW(ComputeDistribution(start.windows(), 30, 1), Error);
    LogitSet end;
    end.Add(0, WholeWindow(2), {0, 0}, {broken, 0}, 0);
    EXPECT_THROW(ComputeDistribution(end.windows(), 30, 1), Error);
    LogitSet null;
    null.Add(0, WholeWindow(2), {0, 0}, {0, 0}, broken);
    EXPECT_THROW(ComputeDistribution(null.windows(), 30, 1), Error);
  }
}

TEST(SpanDistributionTest, LogitThatOverflowsInTheSumThrows) {
  const float huge = std::numeric_limits<float>::max();
  LogitSet set;
  set.Add(0, WholeWindow(1), {huge}, {huge}, 0);
  EXPECT_THROW(ComputeDistribution(set.windows(), 30, 1), Error);
}

TEST(SpanDistributionTest, MissingLogitsThrow) {
  LogitSet set;
  set.Add(0, WholeWindow(3), {0, 0}, {0, 0, 0}, 0);
  EXPECT_THROW(ComputeDistribution(set.windows(), 30, 1), Error);
  EXPECT_THROW(ComputeDistribution({}, 30, 1), Error);
}

}  // namespace
}  // namespace bertqa
