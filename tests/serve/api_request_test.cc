#include "serve/api_request.h"

#include <gtest/gtest.h>

#include "io/jsonl_reader.h"
#include "serve/problem.h"

namespace bertqa {
namespace {

constexpr const char* kText = R"("question":"q","context":"c")";

/// "status code" of what a body gets; "" if it is taken.
std::string Refusal(const std::string& body) {
  try {
    ParseApiQuestion(body, {});
    return "";
  } catch (const HttpProblem& problem) {
    return std::to_string(problem.status()) + " " + problem.code();
  }
}

TEST(ParseApiQuestionTest, TakesEveryOption) {
  const ApiQuestion question = ParseApiQuestion(
      R"( {"id":"x","question":"q","context":"c","model":"m","top_k":2e0,"max_answer_tokens":3,
           "max_question_tokens":4,"window_tokens":50,"overlap_tokens":0,"dedupe":"none",
           "decode":"joint","no_answer":true,"null_threshold":-1.5,"offsets":"utf16",
           "timeout_ms":7,"keep_fields":true} )",
      {});
  EXPECT_EQ(question.request.question, "q");
  EXPECT_EQ(question.request.documents, std::vector<std::string>{"c"});
  EXPECT_TRUE(question.files.empty());
  EXPECT_EQ(std::any_cast<RecordFields>(question.request.payload).id_json, "\"x\"");
  const ApiOptions& options = question.options;
  EXPECT_EQ(options.model, "m");
  EXPECT_EQ(options.answer.top_k, 2U);
  EXPECT_EQ(options.answer.max_answer_tokens, 3U);
  EXPECT_EQ(options.answer.max_question_tokens, 4U);
  EXPECT_EQ(options.answer.window_tokens, 50U);
  EXPECT_EQ(options.answer.overlap_tokens, 0U);
  EXPECT_EQ(options.answer.dedupe, Dedupe::kNone);
  EXPECT_EQ(options.answer.no_answer, true);
  EXPECT_EQ(options.answer.null_threshold, -1.5);
  EXPECT_EQ(options.offsets, OffsetUnit::kUtf16);
  EXPECT_EQ(options.timeout.count(), 7);
  EXPECT_TRUE(options.keep_fields);
}

TEST(ParseApiQuestionTest, TakesDocumentsWithAndWithoutNames) {
  const ApiQuestion question = ParseApiQuestion(
      R"({"question":"q","documents":["a",{"text":"b"},{"file":"f","text":"c"}]})", {});
  EXPECT_EQ(question.request.documents, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(question.files, (std::vector<std::string>{"0", "1", "f"}));
}

TEST(ParseApiQuestionTest, RefusesWhatIsWrong) {
  EXPECT_EQ(Refusal(""), "400 bad_json");
  EXPECT_EQ(Refusal("{"), "400 bad_json");
  EXPECT_EQ(Refusal("3"), "422 wrong_type");
  EXPECT_EQ(Refusal(R"({"question":"q","question":"q","context":"c"})"), "400 bad_json");
  EXPECT_EQ(Refusal(R"({"question":"q"})"), "422 missing_field");
  EXPECT_EQ(Refusal(R"({"context":"c"})"), "422 missing_field");
  EXPECT_EQ(Refusal(R"({"question":"q","context":"c","documents":["d"]})"), "422 bad_option");
  EXPECT_EQ(Refusal(R"({"question":"q","documents":"d"})"), "422 wrong_type");
  EXPECT_EQ(Refusal(R"({"question":"q","documents":[3]})"), "422 wrong_type");
  EXPECT_EQ(Refusal(R"({"question":"q","documents":[{"text":3}]})"), "422 wrong_type");
  for (const char* const member :
       {R"("top_k":0)", R"("top_k":1.5)", R"("top_k":-1)", R"("top_k":1e99)", R"("top_k":1001)",
        R"("window_tokens":16777217)", R"("timeout_ms":0)", R"("dedupe":"")",
        R"("null_threshold":0,"no_answer":false)", R"("top_k":2,"decode":"independent")",
        R"("window_tokens":10)"}) {
    EXPECT_EQ(Refusal(std::string("{") + kText + "," + member + "}"), "422 bad_option") << member;
  }
  for (const char* const member : {R"("top_k":"1")", R"("no_answer":1)", R"("dedupe":null)",
                                   R"("model":3)", R"("id":true)", R"("null_threshold":"0")"}) {
    EXPECT_EQ(Refusal(std::string("{") + kText + "," + member + "}"), "422 wrong_type") << member;
  }
  EXPECT_EQ(Refusal(std::string("{") + kText + R"(,"topk":1})"), "422 unknown_field");
}

TEST(ParseApiQueryTest, ReadsWhatJsonWouldSay) {
  const ApiOptions options = ParseApiQuery(
      {{"top_k", "3"}, {"no_answer", "true"}, {"null_threshold", "1e-3"}, {"model", "a b"}});
  EXPECT_EQ(options.answer.top_k, 3U);
  EXPECT_EQ(options.answer.no_answer, true);
  EXPECT_EQ(options.answer.null_threshold, 1e-3);
  EXPECT_EQ(options.model, "a b");
  for (const auto& [name, value] : ApiQuery{{"top_k", ""},
                                            {"top_k", "3x"},
                                            {"no_answer", "on"},
                                            {"null_threshold", "nan"},
                                            {"question", "q"},
                                            {"model", "\xff"}}) {
    EXPECT_THROW(ParseApiQuery({{name, value}}), HttpProblem) << name << "=" << value;
  }
}

TEST(ParseApiQueryTest, TheBodyHasTheLastWord) {
  const ApiQuestion question =
      ParseApiQuestion(R"({"question":"q","context":"c","top_k":5})", {{"top_k", "3"}});
  EXPECT_EQ(question.options.answer.top_k, 5U);
}

TEST(ParseApiRecordsTest, KeepsRecordsAsTheyAreWritten) {
  const ApiRecords records = ParseApiRecords(R"({"records":[{"a": 1} , 3,"x"],"top_k":2})", {});
  EXPECT_EQ(records.records, (std::vector<std::string>{R"({"a": 1})", "3", "\"x\""}));
  EXPECT_EQ(records.options.answer.top_k, 2U);
  EXPECT_THROW(ParseApiRecords("{}", {}), HttpProblem);
  EXPECT_THROW(ParseApiRecords(R"({"records":{}})", {}), HttpProblem);
  EXPECT_THROW(ParseApiRecords(R"({"records":[],"question":""})", {}), HttpProblem);
}

}  // namespace
}  // namespace bertqa
