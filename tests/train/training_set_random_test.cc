// Random texts and answers: labels against a slow twin, and against themselves on other threads.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "base/error_of.h"
#include "bertqa/error.h"
#include "train/small_examples.h"
#include "train/training_set.h"

namespace bertqa {
namespace {

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

constexpr WindowOptions kOptions{20, 4, 8};

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
  const TrainingSet one = Build(examples, kOptions, 1);
  const TrainingSet five = Build(examples, kOptions, 5);
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
    const std::string message =
        ErrorOf(ErrorCode::kBadUtf8, [&] { Build(examples, kOptions, threads); });
    EXPECT_TRUE(message.starts_with("example 400: context: ")) << message;
  }
}

}  // namespace
}  // namespace bertqa
