#include "io/squad_reader.h"

#include <gtest/gtest.h>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

constexpr std::string_view kSquad1 = R"({"version":"1.1","data":[
  {"title":"A","paragraphs":[
    {"context":"One two.","qas":[
      {"id":"1","question":"Q1?","answers":[{"text":"One","answer_start":0},{"text":"one","answer_start":0}]},
      {"id":"2","question":"Q2?","answers":[{"text":"two","answer_start":4}]}]},
    {"context":"Three.","qas":[]}]},
  {"paragraphs":[{"context":"Four.","qas":[{"id":"3","question":"Q3?","answers":[{"text":"Four"}]}]}]}]})";

std::string SquadErrorOf(std::string_view text) {
  return ErrorOf(ErrorCode::kMalformed, [&] { ParseSquad(text, "dev.json"); });
}

TEST(ParseSquadTest, ReadsQuestionsInOrderAndSharesContexts) {
  const SquadFile file = ParseSquad(kSquad1, "dev.json");
  EXPECT_EQ(file.version, SquadVersion::kV1);
  ASSERT_EQ(file.examples.size(), 3U);
  EXPECT_EQ(file.examples[0].id, "1");
  EXPECT_EQ(file.examples[0].question, "Q1?");
  EXPECT_EQ(*file.examples[0].context, "One two.");
  EXPECT_EQ(file.examples[0].answers, (std::vector<std::string>{"One", "one"}));
  EXPECT_EQ(file.examples[0].context, file.examples[1].context);
  EXPECT_EQ(*file.examples[2].context, "Four.");
}

TEST(ParseSquadTest, SkipsAByteOrderMark) {
  EXPECT_EQ(ParseSquad("\xEF\xBB\xBF" + std::string(kSquad1), "dev.json").examples.size(), 3U);
}

std::string Document(const std::string& question, const std::string& version) {
  return R"({"version":")" + version + R"(","data":[{"paragraphs":[{"context":"c","qas":[)" +
         question + "]}]}]}";
}

TEST(ParseSquadTest, KnowsVersion2ByItsNameOrByUnanswerableQuestions) {
  const std::string plain = R"({"id":"1","question":"q","answers":[{"text":"c"}]})";
  const std::string flagged =
      R"({"id":"1","question":"q","is_impossible":false,"answers":[{"text":"c"}]})";
  const std::string unanswerable = R"({"id":"1","question":"q","answers":[]})";
  EXPECT_EQ(ParseSquad(Document(plain, "v2.0"), "d").version, SquadVersion::kV2);
  EXPECT_EQ(ParseSquad(Document(plain, "1.1"), "d").version, SquadVersion::kV1);
  EXPECT_EQ(ParseSquad(Document(flagged, "x"), "d").version, SquadVersion::kV2);
  EXPECT_EQ(ParseSquad(Document(unanswerable, "x"), "d").version, SquadVersion::kV2);
}

TEST(ParseSquadTest, QuestionsWithoutReferencesAreNoVersion2) {
  const SquadFile file = ParseSquad(Document(R"({"id":"1","question":"q"})", "1.1"), "d");
  EXPECT_EQ(file.version, SquadVersion::kV1);
  EXPECT_TRUE(file.examples.at(0).answers.empty());
}

TEST(ParseSquadTest, LooksAtLabelsOnlyIfAsked) {
  const std::string odd = Document(
      R"({"id":"1","question":"q","is_impossible":7,"answers":[{"text":"c","answer_start":"0"}]})",
      "1.1");
  EXPECT_FALSE(ParseSquad(odd, "d").examples.at(0).labels);
  EXPECT_THROW(ParseLabelledSquad(odd, "d"), Error);
}

TEST(ParseSquadTest, LabelsAreAsTheyAreWritten) {
  const SquadFile file = ParseLabelledSquad(
      Document(R"({"id":"1","question":"q","is_impossible":true},)"
               R"({"id":"2","question":"q","answers":[{"text":"a","answer_start":-1},)"
               R"({"text":"b"},{"text":"c","answer_start":null},{"text":"d","answer_start":3}]})",
               "1.1"),
      "d");
  const SquadLabels& first = *file.examples.at(0).labels;
  EXPECT_TRUE(first.is_impossible);
  EXPECT_FALSE(first.has_answers);
  const SquadLabels& second = *file.examples.at(1).labels;
  EXPECT_FALSE(second.is_impossible);
  EXPECT_TRUE(second.has_answers);
  const std::vector<std::optional<std::int64_t>> starts = {-1, std::nullopt, std::nullopt, 3};
  EXPECT_EQ(second.answer_starts, starts);
}

TEST(ParseSquadTest, ErrorsNameThePlace) {
  EXPECT_EQ(SquadErrorOf("{}"), R"(dev.json: document: no "data")");
  EXPECT_EQ(SquadErrorOf("[]"), "dev.json: document: is array, an object is expected");
  EXPECT_EQ(SquadErrorOf(R"({"data":{}})"),
            "dev.json: document.data: is object, a list is expected");
  EXPECT_EQ(SquadErrorOf(R"({"data":[{"paragraphs":[]},{}]})"),
            R"(dev.json: document.data[1]: no "paragraphs")");
  EXPECT_EQ(SquadErrorOf(R"({"data":[{"paragraphs":[{"context":"c","qas":[{"id":"1"}]}]}]})"),
            R"(dev.json: document.data[0].paragraphs[0].qas[0]: no "question")");
  EXPECT_EQ(SquadErrorOf(Document(R"({"id":7,"question":"q"})", "1.1")),
            "dev.json: document.data[0].paragraphs[0].qas[0].id: is number, a string is expected");
  EXPECT_EQ(SquadErrorOf(Document(R"({"id":"7","question":"q","answers":[{"text":null}]})", "1.1")),
            "dev.json: document.data[0].paragraphs[0].qas[0].answers[0].text: is null, a string is "
            "expected");
}

TEST(ParseSquadTest, BrokenFilesAreErrors) {
  EXPECT_EQ(SquadErrorOf(R"({"data":[)"), "dev.json: not valid JSON at byte 9");
  EXPECT_EQ(SquadErrorOf(R"({"data":[],"data":[]})"), R"(dev.json: repeated key "data")");
  ErrorOf(ErrorCode::kBadUtf8, [] { ParseSquad("{\"data\":\"\xFF\"}", "dev.json"); });
}

TEST(ParsePredictionsTest, KeepsTheOrderOfTheFile) {
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"z", "1"}, {"a", ""}, {"10", "é"}, {"9", "x"}};
  EXPECT_EQ(ParsePredictions(R"({"z":"1","a":"","10":"\u00e9","9":"x"})", "p.json"), expected);
}

TEST(ParsePredictionsTest, ErrorsNameTheId) {
  EXPECT_EQ(
      ErrorOf(ErrorCode::kMalformed, [] { ParsePredictions(R"({"a":"x","b":1})", "p.json"); }),
      "p.json: \"b\" is number, a string is expected");
  EXPECT_THROW(ParsePredictions("[]", "p.json"), Error);
  EXPECT_THROW(ParsePredictions(R"({"a":"x","a":"y"})", "p.json"), Error);
}

TEST(ParseScoresTest, ReadsNumbers) {
  const std::vector<std::pair<std::string, double>> expected = {{"b", 0.25}, {"a", 1}};
  EXPECT_EQ(ParseScores(R"({"b":0.25,"a":1})", "na.json"), expected);
  EXPECT_THROW(ParseScores(R"({"b":"0.25"})", "na.json"), Error);
}

}  // namespace
}  // namespace bertqa
