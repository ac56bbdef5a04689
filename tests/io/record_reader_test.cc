#include "io/record_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bertqa/error.h"
#include "io/record_writer.h"

namespace bertqa {
namespace {

/// Written and read back.
std::variant<QaResult, RecordError> ThereAndBack(const StreamOutput& output,
                                                 std::vector<std::string> files = {}) {
  RecordFormat format;
  format.offsets = OffsetUnit::kByte;
  format.files = std::move(files);
  const std::string line = FormatRecord(output, format);
  return ReadRecord(std::string_view(line).substr(0, line.size() - 1));
}

void ExpectSame(const QaResult& actual, const QaResult& expected) {
  ASSERT_EQ(actual.answers.size(), expected.answers.size());
  for (std::size_t i = 0; i < actual.answers.size(); ++i) {
    EXPECT_EQ(actual.answers[i].text, expected.answers[i].text);
    EXPECT_EQ(actual.answers[i].document_index, expected.answers[i].document_index);
    EXPECT_EQ(actual.answers[i].span.begin, expected.answers[i].span.begin);
    EXPECT_EQ(actual.answers[i].span.end, expected.answers[i].span.end);
    EXPECT_EQ(actual.answers[i].probability, expected.answers[i].probability);
    EXPECT_EQ(actual.answers[i].logit, expected.answers[i].logit);
  }
  EXPECT_EQ(actual.no_answer_reason, expected.no_answer_reason);
  EXPECT_EQ(actual.null_logit, expected.null_logit);
  EXPECT_EQ(actual.null_probability, expected.null_probability);
  EXPECT_EQ(actual.warnings, expected.warnings);
}

TEST(ReadRecordTest, NumbersComeBackToTheBit) {
  std::mt19937 random(1);
  std::normal_distribution<float> logit(0, 30);
  for (int i = 0; i < 2000; ++i) {
    StreamOutput output;
    output.request.documents = {"Zoé says \"no\".", "Paris, 東京"};
    QaResult result;
    result.answers = {{"Zoé", 0, {0, 4}, std::exp(-std::abs(logit(random))), logit(random)},
                      {"東京", 1, {7, 13}, std::exp(-std::abs(logit(random))), logit(random)}};
    result.null_logit = logit(random);
    result.null_probability = std::exp(-std::abs(logit(random)));
    result.warnings = {"question cut to 64 tokens"};
    output.outcome = result;
    ExpectSame(std::get<QaResult>(ThereAndBack(output, {"0", "1"})), result);
  }
}

TEST(ReadRecordTest, KeepsWhyThereIsNoAnswer) {
  for (const NoAnswerReason reason :
       {NoAnswerReason::kEmptyContext, NoAnswerReason::kNullThreshold, NoAnswerReason::kCrossed}) {
    StreamOutput output;
    output.request.documents = {"text"};
    QaResult result;
    result.no_answer_reason = reason;
    if (reason == NoAnswerReason::kNullThreshold) {
      result.answers = {{"text", 0, {0, 4}, 0.1F, -3}};
      result.null_logit = 2;
    }
    output.outcome = result;
    ExpectSame(std::get<QaResult>(ThereAndBack(output)), result);
  }
}

TEST(ReadRecordTest, ErrorsLoseTheirPlace) {
  StreamOutput output;
  RecordFields fields;
  fields.line = 12;
  output.request.payload = fields;
  for (const RecordErrorCode code :
       {RecordErrorCode::kEmptyQuestion, RecordErrorCode::kTooLong, RecordErrorCode::kInternal}) {
    output.outcome = RecordError{code, "line of thought: broken"};
    const RecordError error = std::get<RecordError>(ThereAndBack(output));
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(error.message, "line of thought: broken");
  }
}

TEST(ReadRecordTest, RefusesWhatIsNoRecord) {
  for (const char* const line :
       {"", "x", "[]", "{}", R"({"answer":null})", R"({"answer":null,"reason":"tired"})",
        R"({"answer":"a","answers":[],"null_probability":1,"null_logit":1})",
        R"({"answer":"a","answers":[3],"null_probability":1,"null_logit":1})",
        R"({"answer":"a","answers":{},"null_probability":1,"null_logit":1})",
        R"({"answer":"a","answers":[{"answer":"a","start":-1,"end":1,"probability":1,"logit":1}]})",
        R"({"answer":"a","answers":[{"answer":1,"start":0,"end":1,"probability":1,"logit":1}]})",
        R"({"error":3})", R"({"error":{"code":"internal"}})"}) {
    EXPECT_THROW(ReadRecord(line), Error) << line;
  }
}

}  // namespace
}  // namespace bertqa
