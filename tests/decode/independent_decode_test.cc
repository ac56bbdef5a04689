#include <gtest/gtest.h>

#include <cmath>

#include "bertqa/decode.h"
#include "bertqa/error.h"
#include "decode/random_logits.h"

namespace bertqa {
namespace {

// "Transformers are general purpose architectures (BERT": the tokens are
//   0 transformers  1 are  2 general  3 purpose  4 architectures  5 (  6 bert
// and "general" has the highest start, "bert" the highest end (the other figures are made up). The
// tutorial names a different answer for its table of scores; a model's end index is trained as the
// last token of the answer (BERT, Devlin et al. 2019, section 4.2: the span is i to j, j >= i, both
// inclusive), so the token with the highest end belongs to it, and the answer is
// "general purpose architectures (BERT".
TEST(IndependentDecodeTest, TutorialTableIncludesTheEndToken) {
  LogitSet set;
  set.Add(0, WholeWindow(7), {0.5F, -1.0F, 5.1F, 1.2F, 0.8F, -2.0F, 1.9F},
          {-1.5F, -2.0F, -0.5F, 0.4F, 3.6F, -1.0F, 4.2F}, -8);
  const IndependentSpan span = IndependentDecode(set.windows());
  EXPECT_FALSE(span.crossed());
  EXPECT_EQ(span.start_token, 2U);
  EXPECT_EQ(span.end_token, 6U);
  EXPECT_EQ(span.logit, 5.1F + 4.2F);
  // With start before end and no limit in the way, the joint decode finds the same span.
  EXPECT_EQ(BestSpans(set.windows(), 30, 1, {}).front(), (TokenSpan{0, 0, 2, 6, 5.1F + 4.2F}));
}

TEST(IndependentDecodeTest, EndBeforeStartIsCrossedAndTheJointDecodeIsNot) {
  LogitSet set;
  set.Add(0, WholeWindow(3), {0, 1, 9}, {9, 1, 0}, 0);
  const IndependentSpan span = IndependentDecode(set.windows());
  EXPECT_TRUE(span.crossed());
  EXPECT_EQ(span.start_token, 2U);
  EXPECT_EQ(span.end_token, 0U);
  EXPECT_EQ(BestSpans(set.windows(), 30, 1, {}).front().logit, 9.0F);
}

TEST(IndependentDecodeTest, OneTokenIsAnAnswer) {
  LogitSet set;
  set.Add(0, WholeWindow(3), {0, 9, 1}, {1, 9, 0}, 0);
  EXPECT_FALSE(IndependentDecode(set.windows()).crossed());
}

TEST(IndependentDecodeTest, EndInAnotherDocumentIsCrossed) {
  LogitSet set;
  set.Add(0, WholeWindow(2), {9, 0}, {0, 0}, 0);
  set.Add(1, WholeWindow(2), {0, 0}, {0, 9}, 0);
  const IndependentSpan span = IndependentDecode(set.windows());
  EXPECT_TRUE(span.crossed());
  EXPECT_EQ(span.start_document, 0U);
  EXPECT_EQ(span.end_document, 1U);
}

TEST(IndependentDecodeTest, PeaksAreCountedInTheirDocument) {
  LogitSet set;
  set.Add(0, {0, 2, 0, 2}, {0, 0}, {0, 0}, 0);
  set.Add(0, {2, 5, 2, 5}, {0, 7, 0}, {0, 0, 7}, 0);
  const IndependentSpan span = IndependentDecode(set.windows());
  EXPECT_EQ(span.start_token, 3U);
  EXPECT_EQ(span.end_token, 4U);
  EXPECT_EQ(span.window_index, 1U);
}

TEST(IndependentDecodeTest, TiesGoToTheEarlierWindowAndToken) {
  std::mt19937 random(51);
  for (int round = 0; round < 300; ++round) {
    const LogitSet set = RandomTiedLogits(random);
    const IndependentSpan span = IndependentDecode(set.windows());
    float best_start = -100;
    float best_end = -100;
    std::size_t start_token = 0;
    std::size_t end_token = 0;
    for (const WindowLogits& logits : set.windows()) {
      for (std::size_t i = 0; i < logits.window.size(); ++i) {
        if (logits.start[i] > best_start) {
          best_start = logits.start[i];
          start_token = logits.window.context_begin + i;
        }
        if (logits.end[i] > best_end) {
          best_end = logits.end[i];
          end_token = logits.window.context_begin + i;
        }
      }
    }
    ASSERT_EQ(span.start_token, start_token) << "seed 51, round " << round;
    ASSERT_EQ(span.end_token, end_token) << "seed 51, round " << round;
    ASSERT_EQ(span.logit, best_start + best_end) << "seed 51, round " << round;
  }
}

TEST(IndependentDecodeTest, NotANumberThrows) {
  LogitSet set;
  set.Add(0, WholeWindow(2), {0, 0}, {std::nanf(""), 0}, 0);
  EXPECT_THROW(IndependentDecode(set.windows()), Error);
}

}  // namespace
}  // namespace bertqa
