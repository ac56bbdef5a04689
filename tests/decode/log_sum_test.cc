#include "decode/log_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bertqa/error.h"
#include "decode/best_ends.h"
#include "decode/random_logits.h"

namespace bertqa {
namespace {

constexpr unsigned kSeed = 41;

std::vector<float> NormalNumbers(std::mt19937& random, std::size_t count, float spread) {
  std::normal_distribution<float> normal(-2, spread);
  std::vector<float> numbers(count);
  for (float& number : numbers) {
    number = normal(random);
  }
  return numbers;
}

/// Windows of up to 600 tokens, so that some do not fit one block.
LogitSet RandomLogits(std::mt19937& random, float spread) {
  LogitSet set;
  const std::size_t capacity = 1 + random() % 600;
  const WindowOptions options{capacity + 4, random() % capacity, 1};
  for (const Window& window : BuildWindows(1, 1 + random() % 900, 3, options)) {
    set.Add(0, window, NormalNumbers(random, window.size(), spread),
            NormalNumbers(random, window.size(), spread), NormalNumbers(random, 1, spread)[0]);
  }
  return set;
}

SoftmaxTerms MakeTerms(std::mt19937& random, const LogitSet& set) {
  return {set.windows(), 1 + random() % 700, 0.5 + static_cast<double>(random() % 4),
          NormalNumbers(random, 1, 5)[0]};
}

TEST(LogSumTest, FactorsAndTermsAgreeToTheLastDigits) {
  std::mt19937 random(kSeed);
  for (int round = 0; round < 60; ++round) {
    const LogitSet set = RandomLogits(random, 6);
    const SoftmaxTerms terms = MakeTerms(random, set);
    const std::optional<double> by_factors = LogSumByFactors(terms);
    ASSERT_TRUE(by_factors) << "seed 41, round " << round;
    // The sum's last digits: a relative error of e in it is an absolute one in its logarithm.
    ASSERT_NEAR(*by_factors, LogSumTermByTerm(terms), 4e-14) << "seed 41, round " << round;
  }
}

TEST(LogSumTest, TheRoundingOfALogitIsNotLost) {
  // 8 + 2^-22 as a float is 8: without the correction the sum would be that much too large.
  LogitSet set;
  set.Add(0, WholeWindow(1), {8}, {std::ldexp(1.0F, -22)}, 0);
  const std::optional<double> sum = LogSumByFactors({set.windows(), 1, 1, -30});
  ASSERT_TRUE(sum);
  EXPECT_NEAR(*sum, 8, 1e-14);
}

TEST(LogSumTest, LargeLogitsAreLeftToTheTerms) {
  LogitSet set;
  set.Add(0, WholeWindow(2), {20000, -20000}, {20000, -20000}, 0);
  EXPECT_FALSE(LogSumByFactors({set.windows(), 30, 1, 0}));
  std::mt19937 random(kSeed);
  const LogitSet usual = RandomLogits(random, 6);
  EXPECT_TRUE(LogSumByFactors({usual.windows(), 30, 1, 0}));
  EXPECT_FALSE(LogSumByFactors({usual.windows(), 30, 0.001, 0}));
}

TEST(LogSumTest, ABestStartAfterTheBestEndIsLeftToTheTerms) {
  // The factors count from a pair that is no span: here 1,200 above the best one at T = 0.1.
  LogitSet set;
  set.Add(0, WholeWindow(2), {-30, 30}, {30, -30}, 0);
  const SoftmaxTerms terms = {set.windows(), 2, 0.4, -200};
  EXPECT_NEAR(LogSumTermByTerm(terms), std::log(2.0), 1e-12);
  const std::optional<double> sum = LogSumByFactors(terms);
  EXPECT_TRUE(!sum || std::abs(*sum - std::log(2.0)) < 1e-12);
}

TEST(LogSumTest, ANullTermFarAboveAllSpansDoesNotOverflow) {
  LogitSet set;
  set.Add(0, WholeWindow(2), {-70, -70}, {-70, -70}, 0);
  const SoftmaxTerms terms = {set.windows(), 2, 1, 1000};
  EXPECT_FALSE(LogSumByFactors(terms));
  EXPECT_NEAR(LogSumTermByTerm(terms), 1000, 1e-9);
}

TEST(BestEndsTest, AreThoseOfAllPairsTheShortestOfEquals) {
  std::mt19937 random(kSeed);
  for (int round = 0; round < 200; ++round) {
    const LogitSet set = round % 10 == 0 ? RandomLogits(random, 1) : RandomTiedLogits(random);
    const std::size_t limit = 1 + random() % 40;
    for (const WindowLogits& logits : set.windows()) {
      const Window& window = logits.window;
      const BestEnds best = FindBestEnds(logits, limit);
      ASSERT_EQ(best.logits.size(), window.max_context_end - window.max_context_begin);
      for (std::size_t i = 0; i < best.logits.size(); ++i) {
        const std::size_t first = window.max_context_begin - window.context_begin + i;
        std::size_t expected = first;
        for (std::size_t last = first; last < window.size() && last - first < limit; ++last) {
          const bool is_better =
              logits.start[first] + logits.end[last] > logits.start[first] + logits.end[expected];
          expected = is_better ? last : expected;
        }
        ASSERT_EQ(best.extra_tokens[i], expected - first) << "seed 41, round " << round;
        ASSERT_EQ(best.logits[i], logits.start[first] + logits.end[expected]);
      }
    }
  }
}

}  // namespace
}  // namespace bertqa
