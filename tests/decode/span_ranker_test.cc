#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "bertqa/decode.h"
#include "bertqa/error.h"
#include "decode/random_logits.h"

namespace bertqa {
namespace {

TEST(SpanRankerTest, GivesAllSpansInTheOrderOfBruteForce) {
  std::mt19937 random(21);
  for (int round = 0; round < 400; ++round) {
    const LogitSet set = RandomTiedLogits(random);
    const std::size_t limit = 1 + random() % 40;
    SpanRanker ranker(set.windows(), limit);
    for (const TokenSpan& expected : AllSpans(set.windows(), limit)) {
      const std::optional<TokenSpan> span = ranker.Next();
      ASSERT_TRUE(span) << "seed 21, round " << round;
      ASSERT_EQ(*span, expected) << "seed 21, round " << round;
    }
    ASSERT_FALSE(ranker.Next()) << "seed 21, round " << round;
    ASSERT_FALSE(ranker.Next()) << "seed 21, round " << round;
  }
}

TEST(SpanRankerTest, HugeLimitIsTheWindow) {
  LogitSet set;
  set.Add(0, WholeWindow(3), {1, 0, 0}, {0, 0, 1}, 0);
  SpanRanker ranker(set.windows(), std::numeric_limits<std::size_t>::max());
  const std::optional<TokenSpan> span = ranker.Next();
  ASSERT_TRUE(span);
  EXPECT_EQ(*span, (TokenSpan{0, 0, 0, 2, 2}));
}

TEST(SpanRankerTest, SpanDoesNotLeaveItsWindow) {
  // The best end of the document lies in the second window, out of reach of the first one's tokens.
  LogitSet set;
  set.Add(0, {0, 2, 0, 2}, {9, 0}, {0, 0}, 0);
  set.Add(0, {2, 4, 2, 4}, {0, 0}, {0, 9}, 0);
  SpanRanker ranker(set.windows(), 30);
  EXPECT_EQ(ranker.Next(), (TokenSpan{0, 0, 0, 0, 9}));
}

TEST(SpanRankerTest, NotANumberThrows) {
  LogitSet set;
  set.Add(0, WholeWindow(2), {1, std::nanf("")}, {0, 0}, 0);
  EXPECT_THROW(SpanRanker(set.windows(), 30), Error);
}

TEST(SpanRankerTest, FirstSpanOfALongDocument) {
  const std::size_t tokens = 500000;
  const std::size_t limit = 30;
  std::mt19937 random(22);
  std::normal_distribution<float> normal;
  std::vector<float> start(tokens);
  std::vector<float> end(tokens);
  for (std::size_t i = 0; i < tokens; ++i) {
    start[i] = normal(random);
    end[i] = normal(random);
  }
  TokenSpan best = {0, 0, 0, 0, start[0] + end[0]};
  for (std::size_t first = 0; first < tokens; ++first) {
    for (std::size_t last = first; last < std::min(tokens, first + limit); ++last) {
      if (start[first] + end[last] > best.logit) {
        best = {0, 0, first, last, start[first] + end[last]};
      }
    }
  }
  LogitSet set;
  set.Add(0, WholeWindow(tokens), std::move(start), std::move(end), 0);
  SpanRanker ranker(set.windows(), limit);
  EXPECT_EQ(ranker.Next(), best);
}

}  // namespace
}  // namespace bertqa
