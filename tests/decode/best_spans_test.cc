#include <gtest/gtest.h>

#include <algorithm>

#include "bertqa/decode.h"
#include "decode/random_logits.h"

namespace bertqa {
namespace {

TEST(BestSpansTest, WithoutHidingTheyAreTheFirstOfAllSpans) {
  std::mt19937 random(41);
  for (int round = 0; round < 300; ++round) {
    const LogitSet set = RandomTiedLogits(random);
    const std::size_t limit = 1 + random() % 40;
    const std::size_t top_k = random() % 30;
    std::vector<TokenSpan> expected = AllSpans(set.windows(), limit);
    expected.resize(std::min(top_k, expected.size()));
    ASSERT_EQ(BestSpans(set.windows(), limit, top_k, {}), expected) << "seed 41, round " << round;
  }
}

TEST(BestSpansTest, OverlapKeepsTheBestOfOverlappingSpans) {
  std::mt19937 random(42);
  for (int round = 0; round < 300; ++round) {
    const LogitSet set = RandomTiedLogits(random);
    const std::size_t limit = 1 + random() % 40;
    const std::size_t top_k = 1 + random() % 30;
    ASSERT_EQ(BestSpans(set.windows(), limit, top_k, Overlaps),
              KeepDisjoint(AllSpans(set.windows(), limit), top_k))
        << "seed 42, round " << round;
  }
}

TEST(BestSpansTest, MoreThanThereAreGivesAll) {
  LogitSet set;
  set.Add(0, WholeWindow(3), {0, 1, 2}, {0, 1, 2}, 0);
  EXPECT_EQ(BestSpans(set.windows(), 30, 1000, {}).size(), 6U);
  EXPECT_EQ(BestSpans(set.windows(), 1, 1000, {}).size(), 3U);
}

TEST(BestSpansTest, OverlapIsOneSharedTokenOfTheSameDocument) {
  const TokenSpan span{0, 0, 3, 5, 0};
  EXPECT_TRUE(Overlaps(span, {0, 1, 5, 9, 0}));
  EXPECT_TRUE(Overlaps(span, {0, 1, 0, 3, 0}));
  EXPECT_TRUE(Overlaps(span, {0, 1, 4, 4, 0}));
  EXPECT_TRUE(Overlaps({0, 1, 4, 4, 0}, span));
  EXPECT_FALSE(Overlaps(span, {0, 1, 6, 9, 0}));
  EXPECT_FALSE(Overlaps(span, {0, 1, 0, 2, 0}));
  EXPECT_FALSE(Overlaps(span, {1, 1, 3, 5, 0}));
}

}  // namespace
}  // namespace bertqa
