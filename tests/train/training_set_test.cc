#include "train/training_set.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bertqa/error.h"
#include "train/small_examples.h"

namespace bertqa {
namespace {

/// `count` words of one token; word i is bytes [2i, 2i + 1).
std::string Words(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += i == 0 ? "w" : " w";
  }
  return text;
}

// With a question of one token a window of 20 has room for 16 of the context, from position 3 on.
constexpr WindowOptions kTwenty{20, 4, 8};

TEST(TrainingSetTest, AnswerMayEndWithTheWindowsLastToken) {
  const TrainingSet set = BuildOne(MakeExample(Words(16), ByteSpan{28, 31}), kTwenty);
  EXPECT_EQ(PositionsOf(set), (Positions{{17, 18}}));
  EXPECT_EQ(set.windows[0].tokens, 20U);
  EXPECT_EQ(set.counts.windows, 1U);
  EXPECT_EQ(set.counts.null_windows, 0U);
}

TEST(TrainingSetTest, OneMoreTokenMakesASecondWindow) {
  // [0, 16) and [12, 17): the answer is the words 15 and 16.
  const TrainingSet set = BuildOne(MakeExample(Words(17), ByteSpan{30, 33}), kTwenty);
  EXPECT_EQ(PositionsOf(set), (Positions{{0, 0}, {6, 7}}));
  EXPECT_EQ(set.windows[1].tokens, 9U);
  EXPECT_EQ(set.counts.null_windows, 1U);
  EXPECT_EQ(set.counts.cut_answers, 0U);
}

TEST(TrainingSetTest, AnswerInTheOverlapIsATargetInBothWindows) {
  const TrainingSet set = BuildOne(MakeExample(Words(17), ByteSpan{24, 31}), kTwenty);
  EXPECT_EQ(PositionsOf(set), (Positions{{15, 18}, {3, 6}}));
}

TEST(TrainingSetTest, AnswerLongerThanTheOverlapMayBeWholeNowhere) {
  const TrainingSet set = BuildOne(MakeExample(Words(17), ByteSpan{22, 33}), kTwenty);
  EXPECT_EQ(PositionsOf(set), (Positions{{0, 0}, {0, 0}}));
  EXPECT_EQ(set.counts.cut_answers, 1U);
  EXPECT_EQ(set.counts.null_windows, 2U);
  EXPECT_EQ(set.counts.unanswerable, 0U);
}

TEST(TrainingSetTest, AnswerInsideATokenTakesTheWholeToken) {
  // long ##er ##s w: the answer is "nger", from inside the first to the end of the second.
  const TrainingSet set = BuildOne(MakeExample("w longers w", ByteSpan{4, 8}), kTwenty);
  EXPECT_EQ(PositionsOf(set), (Positions{{4, 5}}));
  // "on" is inside of one token.
  const TrainingSet inside = BuildOne(MakeExample("w longers w", ByteSpan{3, 5}), kTwenty);
  EXPECT_EQ(PositionsOf(inside), (Positions{{4, 4}}));
}

TEST(TrainingSetTest, CharacterOfSeveralTokensIsTakenWhole) {
  const TrainingSet set = BuildOne(MakeExample("w \uD55C w", ByteSpan{2, 5}), kTwenty);
  EXPECT_EQ(PositionsOf(set), (Positions{{4, 6}}));
}

TEST(TrainingSetTest, WhiteSpaceAroundAnAnswerIsNoToken) {
  const TrainingSet set = BuildOne(MakeExample("w w w", ByteSpan{1, 4}), kTwenty);
  EXPECT_EQ(PositionsOf(set), (Positions{{4, 4}}));
}

TEST(TrainingSetTest, NothingToTrainOnIsNoWindow) {
  const std::vector<TrainingExample> examples = {
      MakeExample("", std::nullopt), MakeExample(" \n", std::nullopt),
      MakeExample("w", ByteSpan{0, 1}, " "), MakeExample("w  w", ByteSpan{1, 3}),
      MakeExample("w w", ByteSpan{2, 3})};
  const TrainingSet set = Build(examples, kTwenty);
  EXPECT_EQ(set.counts.empty, 4U);
  EXPECT_EQ(set.counts.examples, 1U);
  EXPECT_EQ(set.counts.unanswerable, 0U);
  EXPECT_EQ(set.examples.size(), 5U);
  ASSERT_EQ(set.windows.size(), 1U);
  EXPECT_EQ(set.windows[0].example_index, 4U);
}

TEST(TrainingSetTest, UnanswerableHasNullWindowsOnly) {
  const TrainingSet set = BuildOne(MakeExample(Words(40), std::nullopt), kTwenty);
  EXPECT_EQ(PositionsOf(set), (Positions{{0, 0}, {0, 0}, {0, 0}}));
  EXPECT_EQ(set.counts.unanswerable, 1U);
  EXPECT_EQ(set.counts.null_windows, 3U);
  EXPECT_EQ(set.counts.cut_answers, 0U);
}

TEST(TrainingSetTest, LongQuestionIsCutAndCounted) {
  const TrainingSet set =
      BuildOne(MakeExample("w w", ByteSpan{2, 3}, "q q q q q q q q q q"), kTwenty);
  EXPECT_EQ(set.examples[0].question.size(), 8U);
  EXPECT_EQ(set.counts.cut_questions, 1U);
  EXPECT_EQ(PositionsOf(set), (Positions{{11, 11}}));
}

TEST(TrainingSetTest, InputIsTheWindowOfQuestionAndContext) {
  const TrainingSet set = BuildOne(MakeExample(Words(16) + " e", ByteSpan{32, 33}), kTwenty);
  PackedBatch batch;
  AppendTrainingWindow(batch, set, 1, SmallTokenizer().pair_template());
  EXPECT_EQ(batch.ids, (std::vector<TokenId>{2, 6, 3, 5, 5, 5, 5, 10, 3}));
  EXPECT_EQ(batch.ids[set.windows[1].start_position], 10);
}

TEST(TrainingSetTest, OptionsWithoutRoomAreRefused) {
  EXPECT_THROW(BuildOne(MakeExample("w", std::nullopt), {10, 4, 4}), Error);
}

}  // namespace
}  // namespace bertqa
