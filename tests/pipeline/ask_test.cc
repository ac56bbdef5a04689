#include <gtest/gtest.h>

#include <cmath>

#include "base/error_of.h"
#include "bertqa/error.h"
#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

QaResult Ask(const QaOptions& options, const QaRequest& request) {
  return QaPipeline(MakeFakeModel(), options).Ask(request);
}

QaResult Ask(const QaOptions& options, const std::string& question, const std::string& context) {
  return Ask(options, MakeRequest(question, context));
}

void ExpectError(ErrorCode code, const QaRequest& request) {
  ErrorOf(code, [&] { Ask(SmallWindows(), request); });
}

TEST(AskTest, GivesTheSpanOfTheHighestSum) {
  const QaResult result = Ask(SmallWindows(), "q", "b0  s9 b0   e9 b0");
  ASSERT_TRUE(result.has_answer());
  const Answer& answer = result.answers.at(0);
  EXPECT_EQ(answer.text, "s9 b0   e9") << "the text between the tokens as it stands";
  EXPECT_EQ(answer.span, (ByteSpan{4, 14}));
  EXPECT_EQ(answer.logit, 18.0F);
  EXPECT_EQ(result.null_logit, -30.0F);
  EXPECT_TRUE(result.warnings.empty());
}

// The fake tokenizer cuts at spaces, so that other white space is tokens of its own, as the lone
// spaces of byte-level BPE are.
TEST(AskTest, AnAnswerHasNoWhiteSpaceAtItsEnds) {
  const Answer later = Ask(SmallWindows(), "q", "e0 \n e9 b0").answers.at(0);
  EXPECT_EQ(later.text, "e9");
  EXPECT_EQ(later.span, (ByteSpan{5, 7}));
  const Answer earlier = Ask(SmallWindows(), "q", "b0 s9 \u3000").answers.at(0);
  EXPECT_EQ(earlier.text, "s9");
  EXPECT_EQ(earlier.span, (ByteSpan{3, 5}));
  EXPECT_EQ(Ask(SmallWindows(), "q", "\t").answers.at(0).text, "\t") << "there is nothing else";
}

TEST(AskTest, ProbabilitiesAreThoseOfTheDefinition) {
  QaOptions options = SmallWindows();
  options.top_k = 10;
  options.dedupe = Dedupe::kNone;
  options.max_answer_tokens = 2;
  const QaResult result = Ask(options, "n4", "b2 b1");  // 2+2, 2+1, 1+1 and the null term
  const double sum = std::exp(4.0) + std::exp(3.0) + std::exp(2.0) + std::exp(4.0);
  ASSERT_EQ(result.answers.size(), 3U);
  EXPECT_NEAR(result.answers[0].probability, std::exp(4.0) / sum, 1e-6);
  EXPECT_NEAR(result.answers[1].probability, std::exp(3.0) / sum, 1e-6);
  EXPECT_NEAR(result.answers[2].probability, std::exp(2.0) / sum, 1e-6);
  EXPECT_NEAR(result.null_probability, std::exp(4.0) / sum, 1e-6);
}

TEST(AskTest, ALongQuestionIsCutAtItsEndAndAWarningSaysSo) {
  const QaResult result = Ask(SmallWindows(), "q1x q2x q3x q4x q5x q6x q7x", "a b c d");
  EXPECT_EQ(result.warnings, std::vector<std::string>{"question cut to 6 tokens"});
  QaResult cut = Ask(SmallWindows(), "q1x q2x q3x q4x q5x q6x", "a b c d");
  EXPECT_TRUE(cut.warnings.empty());
  cut.warnings = result.warnings;
  EXPECT_EQ(Describe(result), Describe(cut));
}

TEST(AskTest, AnEmptyQuestionIsAnError) {
  ExpectError(ErrorCode::kUsage, MakeRequest("", "a b"));
  ExpectError(ErrorCode::kUsage, MakeRequest("   ", "a b"));
}

TEST(AskTest, InvalidUtf8IsAnErrorThatSaysWhere) {
  ExpectError(ErrorCode::kBadUtf8, MakeRequest("q\xFF", "a b"));
  const std::string message =
      ErrorOf(ErrorCode::kBadUtf8, [] { Ask(SmallWindows(), "q", "ab\xFF"); });
  EXPECT_TRUE(message.starts_with("context: ")) << message;
  EXPECT_NE(message.find("byte 2"), std::string::npos) << message;
}

TEST(AskTest, AnEmptyContextHasNoAnswer) {
  for (const std::vector<std::string>& documents :
       {std::vector<std::string>{""}, {"   "}, {"", " "}, {}}) {
    QaRequest request;
    request.question = "q";
    request.documents = documents;
    const QaResult result = Ask(SmallWindows(), request);
    EXPECT_EQ(result.no_answer_reason, NoAnswerReason::kEmptyContext);
    EXPECT_TRUE(result.answers.empty());
    EXPECT_EQ(result.null_logit, std::nullopt);
    EXPECT_EQ(result.null_probability, 1.0F);
  }
}

TEST(AskTest, TheBestSpanOverAllDocumentsWins) {
  QaRequest request = MakeRequest("q", "b1 b2");
  request.documents.insert(request.documents.end(), {"", "b0 b9 b1", "b8"});
  QaOptions options = SmallWindows();
  options.top_k = 2;
  options.max_answer_tokens = 1;
  const QaResult result = Ask(options, request);
  ASSERT_EQ(result.answers.size(), 2U);
  EXPECT_EQ(result.answers[0].text, "b9");
  EXPECT_EQ(result.answers[0].document_index, 2U);
  EXPECT_EQ(result.answers[0].span, (ByteSpan{3, 5}));
  EXPECT_EQ(result.answers[1].text, "b8");
  EXPECT_EQ(result.answers[1].document_index, 3U);
}

TEST(AskTest, FindsTheAnswerInAnyWindow) {
  for (std::size_t place = 0; place < 120; place += 7) {
    std::string context;
    for (std::size_t i = 0; i < 120; ++i) {
      context += i == place ? "b40 " : "b0 ";
    }
    const QaResult result = Ask(SmallWindows(), "q", context);
    EXPECT_EQ(result.answers.at(0).text, "b40") << place;
    EXPECT_EQ(result.answers.at(0).span.begin, place * 3) << place;
  }
}

QaResult AskWithDedupe(Dedupe dedupe) {
  QaOptions options = SmallWindows();
  options.top_k = 100;
  options.max_answer_tokens = 2;
  options.dedupe = dedupe;
  return Ask(options, "q", "b9 b1 b9");
}

std::vector<std::string> TextsOf(const QaResult& result) {
  std::vector<std::string> texts;
  for (const Answer& answer : result.answers) {
    texts.push_back(answer.text);
  }
  return texts;
}

TEST(AskTest, DedupeHidesWhatItSays) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(TextsOf(AskWithDedupe(Dedupe::kNone)), (Texts{"b9", "b9", "b9 b1", "b1 b9", "b1"}));
  EXPECT_EQ(TextsOf(AskWithDedupe(Dedupe::kExact)), (Texts{"b9", "b9 b1", "b1 b9", "b1"}));
  EXPECT_EQ(TextsOf(AskWithDedupe(Dedupe::kOverlap)), (Texts{"b9", "b9", "b1"}));
}

TEST(AskTest, DedupeAndTopKChangeNoProbability) {
  const float expected = AskWithDedupe(Dedupe::kNone).answers.at(0).probability;
  EXPECT_EQ(AskWithDedupe(Dedupe::kOverlap).answers.at(0).probability, expected);
  EXPECT_EQ(AskWithDedupe(Dedupe::kExact).answers.at(0).probability, expected);
}

TEST(AskTest, AbstainsWhenTheNullTermIsBetterByMoreThanTheThreshold) {
  QaOptions options = SmallWindows();
  const auto reason = [&](double threshold) {
    options.null_threshold = threshold;
    return Ask(options, "n20", "b5").no_answer_reason;  // null logit 20, best logit 10
  };
  EXPECT_EQ(reason(0), NoAnswerReason::kNone) << "the threshold is off";
  options.no_answer = true;
  EXPECT_EQ(reason(0), NoAnswerReason::kNullThreshold);
  EXPECT_EQ(reason(9.5), NoAnswerReason::kNullThreshold);
  EXPECT_EQ(reason(10), NoAnswerReason::kNone) << "not more than the threshold";
  EXPECT_EQ(reason(-1e9), NoAnswerReason::kNullThreshold);
  options.null_threshold = 0;
  EXPECT_EQ(TextsOf(Ask(options, "n20", "b5")), std::vector<std::string>{"b5"}) << "best guess";
}

QaResult AskIndependent(const std::string& question, const std::string& context,
                        bool no_answer = false) {
  QaOptions options = SmallWindows();
  options.decode = DecodeMode::kIndependent;
  options.no_answer = no_answer;
  return Ask(options, question, context);
}

TEST(AskIndependentTest, TakesTheHighestStartAndTheHighestEnd) {
  const QaResult result = AskIndependent("q", "b1 s9 b1 e9 b1");
  EXPECT_EQ(result.answers.at(0).text, "s9 b1 e9");
  EXPECT_EQ(result.answers.at(0).logit, 18.0F);
}

TEST(AskIndependentTest, HasNoAnswerIfTheEndComesFirst) {
  const QaResult result = AskIndependent("q", "b1 e9 b1 s9 b1");
  EXPECT_EQ(result.no_answer_reason, NoAnswerReason::kCrossed);
  EXPECT_TRUE(result.answers.empty());
  EXPECT_EQ(result.null_logit, -30.0F);
}

TEST(AskIndependentTest, HasNoAnswerIfStartAndEndAreInDifferentDocuments) {
  QaRequest request = MakeRequest("q", "s9 b1");
  request.documents.emplace_back("b1 e9");
  QaOptions options = SmallWindows();
  options.decode = DecodeMode::kIndependent;
  EXPECT_EQ(Ask(options, request).no_answer_reason, NoAnswerReason::kCrossed);
}

TEST(AskIndependentTest, ASpanThatTheNormaliserDoesNotCountHasAProbabilityBelowOne) {
  std::string context = "s40";
  for (int i = 0; i < 60; ++i) {  // over the length limit, and over several windows
    context += " b0";
  }
  const QaResult result = AskIndependent("q", context + " e40");
  const Answer& answer = result.answers.at(0);
  EXPECT_EQ(answer.text, context + " e40");
  EXPECT_GT(answer.probability, 0.99F);
  EXPECT_LE(answer.probability, 1.0F);
}

TEST(AskIndependentTest, AValidSpanHasTheProbabilityOfTheJointDecode) {
  const QaResult independent = AskIndependent("q", "b1 s9 b1 e9 b1");
  const QaResult joint = Ask(SmallWindows(), "q", "b1 s9 b1 e9 b1");
  EXPECT_EQ(Describe(independent), Describe(joint));
}

TEST(AskIndependentTest, KnowsTheNullThreshold) {
  EXPECT_EQ(AskIndependent("n49", "b5", /*no_answer=*/true).no_answer_reason,
            NoAnswerReason::kNullThreshold);
  EXPECT_EQ(AskIndependent("n49", "b5").no_answer_reason, NoAnswerReason::kNone);
}

TEST(AskTest, TemperatureFlattensProbabilitiesAndChangesNoAnswer) {
  QaOptions options = SmallWindows();
  const QaResult sharp = Ask(options, "q", "b5 b3 b1");
  options.temperature = 10;
  const QaResult flat = Ask(options, "q", "b5 b3 b1");
  EXPECT_EQ(flat.answers.at(0).text, sharp.answers.at(0).text);
  EXPECT_EQ(flat.answers.at(0).logit, sharp.answers.at(0).logit);
  EXPECT_LT(flat.answers.at(0).probability, sharp.answers.at(0).probability);
}

TEST(AskTest, AddsToTheStatistics) {
  const QaPipeline pipeline(MakeFakeModel(), SmallWindows());
  PipelineStats stats;
  pipeline.Ask(MakeRequest("q", "a b c"), &stats);
  pipeline.Ask(MakeRequest("q", "a b c"), &stats);
  EXPECT_EQ(stats.records, 2U);
  EXPECT_EQ(stats.windows, 2U);
  EXPECT_EQ(stats.tokens, 14U) << "[CLS] q [SEP] a b c [SEP], twice";
}

}  // namespace
}  // namespace bertqa
