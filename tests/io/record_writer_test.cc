#include "io/record_writer.h"

#include <gtest/gtest.h>

#include "io/json_text.h"

namespace bertqa {
namespace {

Answer MakeAnswer(std::string text, std::size_t begin, std::size_t document_index) {
  Answer answer;
  answer.span = {begin, begin + text.size()};
  answer.text = std::move(text);
  answer.document_index = document_index;
  answer.probability = 0.93F;
  answer.logit = 14.71F;
  return answer;
}

/// The example of the documentation.
StreamOutput MakeOutput() {
  StreamOutput output;
  output.request.question = "Where is it?";
  output.request.documents = {"The Eiffel Tower is in Paris."};
  RecordFields fields;
  fields.line = 4;
  fields.id_json = R"("a1")";
  output.request.payload = fields;
  QaResult result;
  result.answers.push_back(MakeAnswer("Paris", 23, 0));
  result.null_logit = -6.02F;
  result.null_probability = 0.002F;
  output.outcome = result;
  return output;
}

TEST(FormatRecordTest, WritesAnAnswerAsDocumented) {
  EXPECT_EQ(
      FormatRecord(MakeOutput(), {}),
      R"({"id":"a1","answer":"Paris","start":23,"end":28,"probability":0.93,"logit":14.71,)"
      R"("null_probability":0.002,"null_logit":-6.02,)"
      R"("answers":[{"answer":"Paris","start":23,"end":28,"probability":0.93,"logit":14.71}]})"
      "\n");
}

TEST(FormatRecordTest, WritesAnErrorAsDocumented) {
  StreamOutput output = MakeOutput();
  RecordFields fields;
  fields.line = 2;
  fields.id_json = R"("a2")";
  output.request.payload = fields;
  output.outcome = RecordError{RecordErrorCode::kMissingField, "line 2: no \"context\""};
  EXPECT_EQ(
      FormatRecord(output, {}),
      R"({"id":"a2","line":2,"error":{"code":"missing_field","message":"line 2: no \"context\""}})"
      "\n");
}

TEST(FormatRecordTest, AddsTheLineToAnErrorOfThePipeline) {
  StreamOutput output = MakeOutput();
  output.outcome = RecordError{RecordErrorCode::kEmptyQuestion, "the question is empty"};
  EXPECT_EQ(
      FormatRecord(output, {}),
      R"({"id":"a1","line":4,"error":{"code":"empty_question","message":"line 4: the question is empty"}})"
      "\n");
}

TEST(FormatRecordTest, AnInputWithoutLinesHasNone) {
  StreamOutput output = MakeOutput();
  output.request.payload.reset();
  output.outcome = RecordError{RecordErrorCode::kInternal, "out of memory"};
  EXPECT_EQ(FormatRecord(output, {}), R"({"error":{"code":"internal","message":"out of memory"}})"
                                      "\n");
}

TEST(FormatRecordTest, NoAnswerIsNullAndKeepsItsBestGuess) {
  StreamOutput output = MakeOutput();
  std::get<QaResult>(output.outcome).no_answer_reason = NoAnswerReason::kNullThreshold;
  EXPECT_EQ(
      FormatRecord(output, {}),
      R"({"id":"a1","answer":null,"start":null,"end":null,"probability":null,"logit":null,)"
      R"("null_probability":0.002,"null_logit":-6.02,"reason":"null_threshold",)"
      R"("answers":[{"answer":"Paris","start":23,"end":28,"probability":0.93,"logit":14.71}]})"
      "\n");
}

TEST(FormatRecordTest, AnEmptyContextHasNoNullLogit) {
  StreamOutput output = MakeOutput();
  QaResult result;
  result.no_answer_reason = NoAnswerReason::kEmptyContext;
  output.outcome = result;
  EXPECT_EQ(FormatRecord(output, {}),
            R"({"id":"a1","answer":null,"start":null,"end":null,"probability":null,"logit":null,)"
            R"("null_probability":1,"null_logit":null,"reason":"empty_context","answers":[]})"
            "\n");
}

TEST(FormatRecordTest, WritesQuestionAndFileWhereAsked) {
  StreamOutput output = MakeOutput();
  output.request.documents = {"x", "The Eiffel Tower is in Paris."};
  std::get<QaResult>(output.outcome).answers = {MakeAnswer("Paris", 23, 1)};
  RecordFormat format;
  format.with_question = true;
  format.files = {"a.txt", "b \"2\".txt"};
  const std::string json = FormatRecord(output, format);
  EXPECT_TRUE(json.starts_with(
      R"({"id":"a1","question":"Where is it?","answer":"Paris","file":"b \"2\".txt","start":23,)"))
      << json;
}

TEST(FormatRecordTest, CountsInTheUnitAsked) {
  StreamOutput output = MakeOutput();
  output.request.documents = {"é\U0001F600 Paris"};
  std::get<QaResult>(output.outcome).answers = {MakeAnswer("Paris", 7, 0)};
  RecordFormat format;
  const auto start_of = [&](OffsetUnit unit) {
    format.offsets = unit;
    const std::string json = FormatRecord(output, format);
    return json.substr(json.find("\"start\""), 18);
  };
  EXPECT_EQ(start_of(OffsetUnit::kCodePoint), R"("start":3,"end":8,)");
  EXPECT_EQ(start_of(OffsetUnit::kUtf16), R"("start":4,"end":9,)");
  EXPECT_EQ(start_of(OffsetUnit::kByte), R"("start":7,"end":12)");
}

TEST(FormatRecordTest, WarnsAtTheEnd) {
  StreamOutput output = MakeOutput();
  std::get<QaResult>(output.outcome).warnings = {"question cut to 64 tokens"};
  EXPECT_TRUE(
      FormatRecord(output, {}).ends_with("}],\"warnings\":[\"question cut to 64 tokens\"]}\n"));
}

TEST(FormatRecordTest, CarriesFieldsThroughRaw) {
  StreamOutput output = MakeOutput();
  RecordFields fields;
  fields.kept = {{"\"title\"", R"("\u00e9")"}, {"\"n\"", "1.50"}};
  output.request.payload = fields;
  EXPECT_TRUE(
      FormatRecord(output, {}).starts_with(R"({"title":"\u00e9","n":1.50,"answer":"Paris")"));
}

TEST(FormatRecordTest, AFieldNeverTakesTheNameOfAResult) {
  StreamOutput output = MakeOutput();
  RecordFields fields;
  for (const char* const key :
       {"answer", "start", "end", "probability", "logit", "null_logit", "null_probability",
        "reason", "answers", "warnings", "error", "line", "file"}) {
    fields.kept.emplace_back(JsonString(key), "\"from the input\"");
  }
  output.request.payload = fields;
  const std::string json = FormatRecord(output, {});
  EXPECT_FALSE(CheckJson(json)) << "keys must not repeat: " << json;
  EXPECT_EQ(json.find("from the input"), std::string::npos);
  EXPECT_NE(json.find("field \\\"answer\\\" not kept: the output has one of that name"),
            std::string::npos)
      << json;
}

TEST(NoAnswerReasonNameTest, NamesEveryReason) {
  EXPECT_EQ(NoAnswerReasonName(NoAnswerReason::kCrossed), "crossed");
  EXPECT_EQ(NoAnswerReasonName(NoAnswerReason::kNullThreshold), "null_threshold");
  EXPECT_EQ(NoAnswerReasonName(NoAnswerReason::kEmptyContext), "empty_context");
}

}  // namespace
}  // namespace bertqa
