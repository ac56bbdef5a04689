#include "train/training_set.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "bertqa/error.h"
#include "text/wordpiece.h"

namespace bertqa {
namespace {

/// Words of one, two and three tokens, characters that become two tokens (a decomposed syllable,
/// U+D55C), and nothing at all for white space.
const Tokenizer& SmallTokenizer() {
  static const auto tokenizer =
      MakeWordPiece({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "w", "q", "long", "##er", "##s",
                     "e", "\u65E5", "\u1112", "##\u1161", "##\u11AB", "."},
                    {});
  return *tokenizer;
}

TrainingExample MakeExample(std::string context, std::optional<ByteSpan> answer,
                            std::string question = "q") {
  return {"x", std::move(question), std::make_shared<const std::string>(std::move(context)),
          answer};
}

TrainingSet Build(std::span<const TrainingExample> examples, const WindowOptions& options,
                  std::size_t threads = 1) {
  return BuildTrainingSet(examples, SmallTokenizer(), options, threads);
}

TrainingSet BuildOne(const TrainingExample& example, const WindowOptions& options) {
  return Build({&example, 1}, options);
}

/// `count` words of one token; word i is bytes [2i, 2i + 1).
std::string Words(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += i == 0 ? "w" : " w";
  }
  return text;
}

/// Start and end position of every window.
using Positions = std::vector<std::pair<std::size_t, std::size_t>>;

Positions PositionsOf(const TrainingSet& set) {
  Positions positions;
  for (const TrainingWindow& window : set.windows) {
    positions.emplace_back(window.start_position, window.end_position);
  }
  return positions;
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

/// A text of words, syllables, unknown characters and white space, on whose character boundaries
/// an answer may begin and end.
std::string RandomText(std::mt19937& random, std::size_t pieces) {
  constexpr std::array<std::string_view, 10> kPieces = {
      "w", "longers", "longer", "e\u0301", "\u65E5\u65E5", "\uD55C", " ", "\U0001F600", ".", "\t "};
  std::string text;
  for (std::size_t i = 0; i < pieces; ++i) {
    text += kPieces[random() % kPieces.size()];
    text += random() % 2 == 0 ? " " : "";
  }
  return text;
}

std::optional<ByteSpan> RandomAnswer(std::mt19937& random, std::string_view text) {
  std::vector<std::size_t> boundaries;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      boundaries.push_back(i);
    }
  }
  const std::size_t begin = random() % boundaries.size();
  const std::size_t end = std::min(begin + random() % 12, boundaries.size() - 1);
  if (begin == end) {
    return std::nullopt;
  }
  return ByteSpan{boundaries[begin], boundaries[end]};
}

/// The twin: looks at every token of every window.
class SlowLabels {
 public:
  SlowLabels(const TrainingExample& example, const WindowOptions& options)
      : options_(options),
        question_(SmallTokenizer().Encode(example.question).size()),
        context_(SmallTokenizer().Encode(*example.context)),
        answer_(example.answer) {
    question_ = std::min(question_, options.max_question_tokens);
  }

  bool Touches(std::size_t token) const {
    return answer_ && context_.spans[token].begin < answer_->end &&
           context_.spans[token].end > answer_->begin;
  }

  std::size_t AnswerTokens() const {
    std::size_t count = 0;
    for (std::size_t token = 0; token < context_.size(); ++token) {
      count += Touches(token) ? 1 : 0;
    }
    return count;
  }

  Positions All() const {
    Positions positions;
    if (question_ == 0 || (answer_ && AnswerTokens() == 0)) {
      return positions;
    }
    const std::size_t room = options_.window_tokens - 3 - question_;
    for (std::size_t begin = 0; begin < context_.size(); begin += room - options_.overlap_tokens) {
      const std::size_t end = std::min(begin + room, context_.size());
      positions.push_back(InWindow(begin, end));
      if (end == context_.size()) {
        break;
      }
    }
    return positions;
  }

 private:
  std::pair<std::size_t, std::size_t> InWindow(std::size_t begin, std::size_t end) const {
    std::vector<std::size_t> touching;
    for (std::size_t token = begin; token < end; ++token) {
      if (Touches(token)) {
        touching.push_back(1 + question_ + 1 + token - begin);
      }
    }
    if (touching.empty() || touching.size() < AnswerTokens()) {
      return {0, 0};
    }
    return {touching.front(), touching.back()};
  }

  WindowOptions options_;
  std::size_t question_ = 0;
  Encoding context_;
  std::optional<ByteSpan> answer_;
};

/// The bytes of the context at a window's target: all of the answer but white space, and tokens
/// that touch it only.
void ExpectReadsBack(const TrainingExample& example, const TrainingSet& set,
                     const TrainingWindow& window) {
  const Encoding encoding = SmallTokenizer().Encode(*example.context);
  const std::size_t before = 2 + set.examples[0].question.size();
  const ByteSpan first =
      encoding.spans[window.start_position - before + window.window.context_begin];
  const ByteSpan last = encoding.spans[window.end_position - before + window.window.context_begin];
  const auto is_blank = [&](std::size_t begin, std::size_t end) {
    return begin >= end ||
           SmallTokenizer().Encode(example.context->substr(begin, end - begin)).ids.empty();
  };
  EXPECT_TRUE(is_blank(example.answer->begin, first.begin)) << "begins late";
  EXPECT_TRUE(is_blank(last.end, example.answer->end)) << "ends early";
  EXPECT_GT(first.end, example.answer->begin) << "begins early";
  EXPECT_LT(last.begin, example.answer->end) << "ends late";
}

TEST(TrainingSetTest, LabelsAreTheSlowTwins) {
  const unsigned seed = 7;
  std::mt19937 random(seed);
  std::size_t whole = 0;
  std::size_t cut = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::size_t max_question = 1 + random() % 6;
    const std::size_t overlap = random() % 8;
    const WindowOptions options{max_question + overlap + 4 + random() % 12, overlap, max_question};
    std::string context = RandomText(random, random() % 40);
    const std::optional<ByteSpan> answer = RandomAnswer(random, context);
    const TrainingExample example =
        MakeExample(std::move(context), answer, RandomText(random, 1 + random() % 5));
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round) +
                 ", context: " + *example.context);
    const SlowLabels slow(example, options);
    const TrainingSet set = BuildOne(example, options);
    ASSERT_EQ(PositionsOf(set), slow.All());
    bool is_whole = false;
    for (const TrainingWindow& window : set.windows) {
      if (window.start_position != 0) {
        is_whole = true;
        ExpectReadsBack(example, set, window);
      }
    }
    if (example.answer && !set.windows.empty()) {
      EXPECT_TRUE(is_whole || slow.AnswerTokens() > overlap) << "an answer within the overlap";
      EXPECT_EQ(set.counts.cut_answers, is_whole ? 0U : 1U);
      (is_whole ? whole : cut) += 1;
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GE(whole, 500U);
  EXPECT_GE(cut, 100U);
}

std::vector<TrainingExample> RandomExamples(std::size_t count) {
  std::mt19937 random(11);
  std::vector<TrainingExample> examples;
  while (examples.size() < count) {
    TrainingExample example = MakeExample(RandomText(random, 30), std::nullopt);
    for (std::size_t i = random() % 4 + 1; i > 0; --i) {
      example.answer = RandomAnswer(random, *example.context);
      example.id = std::to_string(examples.size());
      examples.push_back(example);
    }
  }
  return examples;
}

TEST(TrainingSetTest, ResultDoesNotDependOnThreads) {
  const std::vector<TrainingExample> examples = RandomExamples(1500);
  const TrainingSet one = Build(examples, kTwenty, 1);
  const TrainingSet five = Build(examples, kTwenty, 5);
  EXPECT_EQ(PositionsOf(one), PositionsOf(five));
  EXPECT_EQ(one.counts.windows, one.windows.size());
  EXPECT_EQ(one.counts.windows, five.counts.windows);
  EXPECT_EQ(one.counts.null_windows, five.counts.null_windows);
  EXPECT_EQ(one.counts.cut_answers, five.counts.cut_answers);
  EXPECT_EQ(one.counts.empty, five.counts.empty);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    ASSERT_EQ(one.examples[i].context, five.examples[i].context);
    ASSERT_EQ(one.examples[i].context, SmallTokenizer().Encode(*examples[i].context).ids);
  }
  for (std::size_t i = 0; i + 1 < one.windows.size(); ++i) {
    ASSERT_LE(one.windows[i].example_index, one.windows[i + 1].example_index);
  }
}

TEST(TrainingSetTest, FirstExampleOfBadUtf8IsNamed) {
  std::vector<TrainingExample> examples = RandomExamples(1000);
  examples[400].context = std::make_shared<const std::string>("w\xFF");
  examples[900].question = "\xFF";
  for (const std::size_t threads : {1U, 4U}) {
    try {
      Build(examples, kTwenty, threads);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadUtf8);
      EXPECT_TRUE(std::string_view(error.what()).starts_with("example 400: context: "))
          << error.what();
    }
  }
}

}  // namespace
}  // namespace bertqa
