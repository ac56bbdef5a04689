#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

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

TEST(SpanRankerTest, FirstSpanOfALongDocumentIsCheap) {
  const std::size_t tokens = 500000;
  std::mt19937 random(22);
  std::normal_distribution<float> normal;
  std::vector<float> start(tokens);
  std::vector<float> end(tokens);
  for (std::size_t i = 0; i < tokens; ++i) {
    start[i] = normal(random);
    end[i] = normal(random);
  }
  LogitSet set;
  set.Add(0, WholeWindow(tokens), std::move(start), std::move(end), 0);
  const auto begin = std::chrono::steady_clock::now();
  SpanRanker ranker(set.windows(), 30);
  ASSERT_TRUE(ranker.Next());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  RecordProperty("first_span_ms", std::to_string(seconds.count() * 1e3));
  // Far more than it takes, so that sanitizers and a busy machine pass.
  EXPECT_LT(seconds.count(), 1.0);
}

}  // namespace
}  // namespace bertqa
