#include "io/jsonl_reader.h"

#include <gtest/gtest.h>

namespace bertqa {
namespace {

constexpr std::size_t kMaxLineBytes = 1000;

Record Parse(std::string text, KeepFields keep = KeepFields::kNo) {
  Line line;
  line.text = std::move(text);
  line.number = 7;
  return ParseRecord(line, keep, kMaxLineBytes);
}

/// "code: message" of a broken record.
std::string ProblemOf(const std::string& text) {
  const Record record = Parse(text);
  if (!record.error) {
    return "no error";
  }
  return std::string(RecordErrorName(record.error->code)) + ": " + record.error->message;
}

TEST(ParseRecordTest, ReadsQuestionAndContext) {
  const Record record = Parse(R"( {"context":"C\u00e9\n","id":3,"question":"Q?"} )");
  ASSERT_FALSE(record.error) << record.error->message;
  EXPECT_EQ(record.question, "Q?");
  EXPECT_EQ(record.context, "Cé\n");
  EXPECT_EQ(record.fields.id_json, "3");
  EXPECT_EQ(record.fields.line, 7U);
}

TEST(ParseRecordTest, KeepsTheIdAsItIsWritten) {
  for (const std::string id :
       {"1.0", "1e5", "-3", "0", R"("x\u0041")", R"("")", "123456789012345678901234567890", "-0.0",
        R"("\ud83d\ude00")", "1E+2"}) {
    const Record record = Parse(R"({"id":)" + id + R"(,"question":"q","context":"c"})");
    EXPECT_FALSE(record.error) << id;
    EXPECT_EQ(record.fields.id_json, id);
  }
}

TEST(ParseRecordTest, ARecordNeedsNoId) {
  EXPECT_EQ(Parse(R"({"question":"q","context":"c"})").fields.id_json, "");
}

TEST(ParseRecordTest, KeepsTheIdOfABrokenRecord) {
  EXPECT_EQ(Parse(R"({"question":1,"id":"a"})").fields.id_json, R"("a")");
  EXPECT_EQ(Parse(R"({"id":"b"})").fields.id_json, R"("b")");
}

TEST(ParseRecordTest, SaysWhatIsMissing) {
  EXPECT_EQ(ProblemOf(R"({"question":"q"})"), R"(missing_field: line 7: no "context")");
  EXPECT_EQ(ProblemOf(R"({"context":"c"})"), R"(missing_field: line 7: no "question")");
  EXPECT_EQ(ProblemOf("{}"), R"(missing_field: line 7: no "question")");
  EXPECT_EQ(ProblemOf(R"({"Question":"q","context":"c"})"),
            R"(missing_field: line 7: no "question")");
}

TEST(ParseRecordTest, SaysWhichTypeIsWrong) {
  EXPECT_EQ(ProblemOf(R"({"question":1,"context":"c"})"),
            R"(wrong_type: line 7: "question" is a number, a string is expected)");
  EXPECT_EQ(ProblemOf(R"({"question":"q","context":null})"),
            R"(wrong_type: line 7: "context" is null, a string is expected)");
  EXPECT_EQ(ProblemOf(R"({"question":"q","context":["c"]})"),
            R"(wrong_type: line 7: "context" is a list, a string is expected)");
  EXPECT_EQ(ProblemOf(R"({"id":true,"question":"q","context":"c"})"),
            R"(wrong_type: line 7: "id" is a boolean, a string or a number is expected)");
  EXPECT_EQ(ProblemOf(R"({"id":null,"question":"q","context":"c"})"),
            R"(wrong_type: line 7: "id" is null, a string or a number is expected)");
  EXPECT_EQ(ProblemOf("[1]"), "wrong_type: line 7: the line is a list, an object is expected");
  EXPECT_EQ(ProblemOf("\"x\""), "wrong_type: line 7: the line is a string, an object is expected");
  EXPECT_EQ(ProblemOf(" 12"), "wrong_type: line 7: the line is a number, an object is expected");
}

TEST(ParseRecordTest, SaysWhereTheJsonBreaks) {
  EXPECT_EQ(ProblemOf(R"({"question":"q",})"), "bad_json: line 7: not valid JSON at byte 16");
  EXPECT_EQ(ProblemOf(R"({"question":"q","question":"r","context":"c"})"),
            R"(bad_json: line 7: repeated key "question")");
  EXPECT_EQ(ProblemOf(R"({"question":"q","context":"c","x":[{"y":1,"y":2}]})"),
            R"(bad_json: line 7: repeated key "y")");
  EXPECT_EQ(ProblemOf(R"({"question":"q","context":"c","x":1e999})"),
            "bad_json: line 7: a number is out of range");
  EXPECT_EQ(ProblemOf(std::string(2000, '[')), "bad_json: line 7: nested deeper than 512 levels");
  EXPECT_TRUE(
      ProblemOf(std::string("{\"question\":\"a\0b\"}", 18)).starts_with("bad_json: line 7: "));
}

TEST(ParseRecordTest, TakesNoNulByteForTheEnd) {
  const std::string record = R"({"question":"q","context":"c"})";
  EXPECT_EQ(ProblemOf(record + std::string("\0garbage", 8)),
            "bad_json: line 7: not valid JSON at byte 30");
}

TEST(ParseRecordTest, SaysWhatIsNotUtf8) {
  EXPECT_EQ(ProblemOf("{\"question\":\"\xFF\"}"), "bad_utf8: line 7: invalid UTF-8 at byte 13");
  EXPECT_EQ(ProblemOf(R"({"question":"q","context":"\ud800"})"),
            R"(bad_utf8: line 7: lone surrogate escape \ud800 at byte 27)");
}

TEST(ParseRecordTest, SaysThatALineIsTooLong) {
  Line line;
  line.number = 9;
  line.too_long = true;
  const Record record = ParseRecord(line, KeepFields::kYes, 16);
  ASSERT_TRUE(record.error);
  EXPECT_EQ(record.error->code, RecordErrorCode::kTooLong);
  EXPECT_EQ(record.error->message, "line 9: longer than 16 bytes (--max-line-bytes)");
  EXPECT_EQ(record.fields.line, 9U);
}

TEST(ParseRecordTest, KeepsOtherFieldsRawAndInOrder) {
  const Record record =
      Parse(R"({"z":1.50,"question":"q","a":{"k": [1,2]},"id":1,"context":"c","t\u0041":"\u00e9"})",
            KeepFields::kYes);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"\"z\"", "1.50"}, {"\"a\"", R"({"k": [1,2]})"}, {"\"tA\"", R"("\u00e9")"}};
  EXPECT_EQ(record.fields.kept, expected);
}

TEST(ParseRecordTest, DropsOtherFieldsUnlessAsked) {
  EXPECT_TRUE(Parse(R"({"question":"q","context":"c","x":1})").fields.kept.empty());
}

TEST(ParseRecordTest, TakesAnEmptyContextAndLeavesAnEmptyQuestionToThePipeline) {
  const Record record = Parse(R"({"question":"","context":""})");
  EXPECT_FALSE(record.error);
  EXPECT_EQ(record.question, "");
}

TEST(MakeStreamInputTest, CarriesFieldsAsPayload) {
  const StreamInput input = MakeStreamInput(Parse(R"({"id":5,"question":"q","context":"c"})"));
  EXPECT_EQ(input.request.question, "q");
  EXPECT_EQ(input.request.documents, std::vector<std::string>{"c"});
  EXPECT_EQ(std::any_cast<RecordFields>(input.request.payload).id_json, "5");
  EXPECT_FALSE(input.error);
  EXPECT_TRUE(MakeStreamInput(Parse("{")).error);
}

TEST(RecordErrorNameTest, NamesEveryCode) {
  EXPECT_EQ(RecordErrorName(RecordErrorCode::kBadJson), "bad_json");
  EXPECT_EQ(RecordErrorName(RecordErrorCode::kMissingField), "missing_field");
  EXPECT_EQ(RecordErrorName(RecordErrorCode::kWrongType), "wrong_type");
  EXPECT_EQ(RecordErrorName(RecordErrorCode::kBadUtf8), "bad_utf8");
  EXPECT_EQ(RecordErrorName(RecordErrorCode::kEmptyQuestion), "empty_question");
  EXPECT_EQ(RecordErrorName(RecordErrorCode::kTooLong), "too_long");
  EXPECT_EQ(RecordErrorName(RecordErrorCode::kInternal), "internal");
}

}  // namespace
}  // namespace bertqa
