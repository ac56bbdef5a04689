#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "bertqa/window.h"

namespace bertqa {
namespace {

constexpr std::size_t kSpecialTokens = 3;

/// Windows of exactly this capacity and overlap, for a question of one token.
std::vector<Window> Build(std::size_t context_tokens, std::size_t capacity, std::size_t overlap) {
  const WindowOptions options{capacity + kSpecialTokens + 1, overlap, 1};
  options.Validate(kSpecialTokens);
  return BuildWindows(1, context_tokens, kSpecialTokens, options);
}

/// google-research/bert run_squad.py, `_check_is_max_context`, in its own doubles.
double GoogleScore(const Window& window, std::size_t token_index) {
  const std::size_t end = window.context_begin + window.size() - 1;
  const auto num_left = static_cast<double>(token_index - window.context_begin);
  const auto num_right = static_cast<double>(end - token_index);
  return std::min(num_left, num_right) + 0.01 * static_cast<double>(window.size());
}

bool Holds(const Window& window, std::size_t token_index) {
  return window.context_begin <= token_index && token_index < window.context_end;
}

/// The earliest of the windows that score best; scores are multiples of 0.01, so anything nearer
/// than a millionth is a tie.
std::size_t MaxContextWindow(const std::vector<Window>& windows, std::size_t token_index) {
  double best = -1;
  std::size_t owner = windows.size();
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (Holds(windows[i], token_index) && GoogleScore(windows[i], token_index) > best + 1e-6) {
      best = GoogleScore(windows[i], token_index);
      owner = i;
    }
  }
  return owner;
}

void ExpectRuleHolds(const std::vector<Window>& windows, std::size_t context_tokens) {
  std::size_t owned_tokens = 0;
  for (const Window& window : windows) {
    owned_tokens += window.max_context_end - window.max_context_begin;
  }
  EXPECT_EQ(owned_tokens, context_tokens) << "not exactly one owner a token";
  for (std::size_t token_index = 0; token_index < context_tokens; ++token_index) {
    const std::size_t owner = MaxContextWindow(windows, token_index);
    ASSERT_LT(owner, windows.size()) << "token " << token_index << " is in no window";
    ASSERT_LE(windows[owner].max_context_begin, token_index);
    ASSERT_GT(windows[owner].max_context_end, token_index);
  }
}

TEST(WindowBuilderTest, WorkedExampleHasFourWindows) {
  // 384 - 3 special - 12 question = 369 context tokens a window, 369 - 128 = 241 a step. Tools that
  // take 128 for the step cut six.
  const std::vector<Window> windows = BuildWindows(12, 1000, kSpecialTokens, {384, 128, 64});
  ASSERT_EQ(windows.size(), 4U);
  EXPECT_EQ(windows[0].context_begin, 0U);
  EXPECT_EQ(windows[0].context_end, 369U);
  EXPECT_EQ(windows[1].context_begin, 241U);
  EXPECT_EQ(windows[1].context_end, 610U);
  EXPECT_EQ(windows[2].context_begin, 482U);
  EXPECT_EQ(windows[2].context_end, 851U);
  EXPECT_EQ(windows[3].context_begin, 723U);
  EXPECT_EQ(windows[3].context_end, 1000U);
  ExpectRuleHolds(windows, 1000);
}

TEST(WindowBuilderTest, EveryTokenHasItsMaxContextWindow) {
  const unsigned seed = 5;
  std::mt19937 random(seed);
  for (int round = 0; round < 1500; ++round) {
    const std::size_t capacity = 1 + random() % 60;
    const std::size_t overlap = random() % capacity;
    const std::size_t context_tokens = random() % 150;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", capacity " + std::to_string(capacity) +
                 ", overlap " + std::to_string(overlap) + ", tokens " +
                 std::to_string(context_tokens));
    ExpectRuleHolds(Build(context_tokens, capacity, overlap), context_tokens);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(WindowBuilderTest, LongWindowsHaveMaxContextToo) {
  // Lengths that differ by a hundred and more: here 0.01 * length decides.
  std::mt19937 random(6);
  for (int round = 0; round < 40; ++round) {
    const std::size_t capacity = 100 + random() % 400;
    const std::size_t overlap = random() % capacity;
    const std::size_t context_tokens = capacity + random() % 1000;
    SCOPED_TRACE("seed 6, round " + std::to_string(round));
    ExpectRuleHolds(Build(context_tokens, capacity, overlap), context_tokens);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(WindowBuilderTest, StepIsCapacityMinusOverlapAndOnlyTheLastIsShorter) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::size_t capacity = 1 + random() % 40;
    const std::size_t overlap = random() % capacity;
    const std::size_t context_tokens = 1 + random() % 200;
    const std::vector<Window> windows = Build(context_tokens, capacity, overlap);
    for (std::size_t i = 0; i + 1 < windows.size(); ++i) {
      ASSERT_EQ(windows[i].size(), capacity) << "seed 7, round " << round;
      ASSERT_EQ(windows[i + 1].context_begin, windows[i].context_begin + capacity - overlap);
      ASSERT_LT(windows[i].context_end, context_tokens) << "went on after the end";
    }
    ASSERT_EQ(windows.back().context_end, context_tokens);
  }
}

TEST(WindowBuilderTest, LongRunOfExactTiesStaysWithTheEarlierWindow) {
  // Step 101 and one new token: the last window is 100 tokens shorter, which costs it as much as
  // its one token more on the right gains. In doubles google's sums differ in the last bit here.
  const std::vector<Window> windows = Build(300 + 1, 300, 300 - 101);
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[1].size(), 200U);
  EXPECT_EQ(windows[0].max_context_end, 300U);
  EXPECT_EQ(windows[1].max_context_begin, 300U);
}

TEST(WindowBuilderTest, TokenInTheMiddleGoesToTheEarlierWindow) {
  // [0, 10) and [5, 15): token 7 has 2 tokens beside it in both.
  const std::vector<Window> windows = Build(15, 10, 5);
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0].max_context_end, 8U);
  EXPECT_EQ(windows[1].max_context_begin, 8U);
}

TEST(WindowBuilderTest, NoTokenNoWindow) {
  EXPECT_TRUE(Build(0, 10, 5).empty());
}

TEST(WindowBuilderTest, ContextThatFitsIsOneWindow) {
  const std::vector<Window> windows = Build(10, 10, 5);
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_EQ(windows[0].size(), 10U);
  EXPECT_EQ(windows[0].max_context_begin, 0U);
  EXPECT_EQ(windows[0].max_context_end, 10U);
}

}  // namespace
}  // namespace bertqa
