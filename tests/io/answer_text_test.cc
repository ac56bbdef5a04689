#include "io/answer_text.h"

#include <gtest/gtest.h>

#include <random>

#include "base/utf8.h"
#include "io/random_text.h"

namespace bertqa {
namespace {

struct Asked {
  QaRequest request;
  QaResult result;

  /// Appends the answer `text`, found in the last document.
  void Add(const std::string& text, float probability) {
    Answer answer;
    answer.document_index = request.documents.size() - 1;
    const std::size_t begin = request.documents.back().find(text);
    answer.span = {begin, begin + text.size()};
    answer.text = text;
    answer.probability = probability;
    result.answers.push_back(answer);
  }
};

Asked Ask(const std::vector<std::string>& documents, const std::string& answer) {
  Asked asked;
  asked.request.documents = documents;
  asked.Add(answer, 0.5F);
  return asked;
}

TEST(FormatPlainAnswerTest, IsTheAnswerAloneOnOneLine) {
  const Asked asked = Ask({"It is in\n the \t city."}, "in\n the \t city");
  EXPECT_EQ(FormatPlainAnswer(asked.request, asked.result, {}), "in the city\n");
}

TEST(FormatPlainAnswerTest, NamesFileAndLineWhereThereAreSeveralFiles) {
  const Asked asked = Ask({"x", "one\ntwo Paris"}, "Paris");
  AnswerTextFormat format;
  format.files = {"a.txt", "b.txt"};
  EXPECT_EQ(FormatPlainAnswer(asked.request, asked.result, format), "b.txt:2:Paris\n");
  format.files = {"b.txt"};
  Asked single = Ask({"one\ntwo Paris"}, "Paris");
  EXPECT_EQ(FormatPlainAnswer(single.request, single.result, format), "Paris\n");
}

TEST(FormatPlainAnswerTest, SeveralAnswersComeWithTheirProbabilities) {
  Asked asked = Ask({"Paris or Rome"}, "Paris");
  asked.Add("Rome", 0.25F);
  AnswerTextFormat format;
  format.several = true;
  EXPECT_EQ(FormatPlainAnswer(asked.request, asked.result, format), "0.5\tParis\n0.25\tRome\n");
}

TEST(FormatPlainAnswerTest, NoAnswerIsAnEmptyLine) {
  Asked asked = Ask({"Paris"}, "Paris");
  asked.result.no_answer_reason = NoAnswerReason::kNullThreshold;
  EXPECT_EQ(FormatPlainAnswer(asked.request, asked.result, {}), "\n");
}

TEST(FormatTerminalAnswerTest, ShowsTheSentenceAroundTheAnswer) {
  const Asked asked = Ask({"First one. It is in Paris, they say. Last one."}, "Paris");
  EXPECT_EQ(FormatTerminalAnswer(asked.request, asked.result, {}),
            "Paris  (50.0 %, line 1)\n  It is in Paris, they say.\n");
}

TEST(FormatTerminalAnswerTest, ColoursOnlyWhenAsked) {
  const Asked asked = Ask({"It is in Paris."}, "Paris");
  AnswerTextFormat format;
  EXPECT_EQ(FormatTerminalAnswer(asked.request, asked.result, format).find('\x1B'),
            std::string::npos);
  format.color = Color::kOn;
  EXPECT_NE(
      FormatTerminalAnswer(asked.request, asked.result, format).find("\x1B[1;32mParis\x1B[0m"),
      std::string::npos);
}

TEST(FormatTerminalAnswerTest, NoTextDrivesTheTerminal) {
  const Asked asked = Ask({"It \x1B[31mis \x07 in Pa\x1Bris."}, "Pa\x1Bris");
  EXPECT_EQ(FormatTerminalAnswer(asked.request, asked.result, {}).find('\x1B'), std::string::npos);
}

TEST(FormatTerminalAnswerTest, SaysWhyThereIsNoAnswer) {
  Asked asked = Ask({"Paris"}, "Paris");
  asked.result.no_answer_reason = NoAnswerReason::kNullThreshold;
  EXPECT_EQ(FormatTerminalAnswer(asked.request, asked.result, {}),
            "no answer  (100.0 %)\nbest guess:\nParis  (50.0 %, line 1)\n  Paris\n");
  asked.result.answers.clear();
  asked.result.no_answer_reason = NoAnswerReason::kCrossed;
  EXPECT_EQ(FormatTerminalAnswer(asked.request, asked.result, {}),
            "no answer: the best end comes before the best start\n");
  asked.result.no_answer_reason = NoAnswerReason::kEmptyContext;
  EXPECT_EQ(FormatTerminalAnswer(asked.request, asked.result, {}),
            "no answer: the text is empty\n");
}

TEST(FormatTerminalAnswerTest, AnyTextGivesValidUtf8) {
  constexpr unsigned kSeed = 11;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 200; ++round) {
    const std::string before = ToUtf8(RandomCharacters(random, random() % 400));
    const std::string after = ToUtf8(RandomCharacters(random, random() % 400));
    const std::string answer = "<" + ToUtf8(RandomCharacters(random, random() % 20)) + "\u0378>";
    Asked asked;
    asked.request.documents = {before + answer + after};
    Answer found;
    found.text = answer;
    found.span = {before.size(), before.size() + answer.size()};
    asked.result.answers = {found};
    const std::string text = FormatTerminalAnswer(asked.request, asked.result, {});
    ASSERT_FALSE(FindInvalidUtf8(text)) << "seed " << kSeed << ", round " << round;
    ASSERT_LT(text.size(), 2000U) << "a sentence without end is cut";
  }
}

TEST(LineOfTest, CountsFromOne) {
  EXPECT_EQ(LineOf("a\nb\n", 0), 1U);
  EXPECT_EQ(LineOf("a\nb\n", 1), 1U);
  EXPECT_EQ(LineOf("a\nb\n", 2), 2U);
}

}  // namespace
}  // namespace bertqa
