#include <gtest/gtest.h>

#include <string>

#include "io/squad_reader.h"

namespace bertqa {
namespace {

struct GuessCase {
  std::string name;
  std::string beginning;
  InputFormat format = InputFormat::kJsonl;
};

class GuessFormatTest : public testing::TestWithParam<GuessCase> {};

TEST_P(GuessFormatTest, GuessesRight) {
  EXPECT_EQ(GuessFormat(GetParam().beginning), GetParam().format) << GetParam().beginning;
}

INSTANTIATE_TEST_SUITE_P(
    Beginnings, GuessFormatTest,
    testing::Values(
        GuessCase{"Record", R"({"question":"q","context":"c"})", InputFormat::kJsonl},
        GuessCase{"Records", "{\"id\":1,\"question\":\"q\",\"context\":\"c\"}\n{",
                  InputFormat::kJsonl},
        GuessCase{"RecordWithDataList", R"({"data":[],"question":"q","context":"c"})",
                  InputFormat::kJsonl},
        GuessCase{"RecordWithDataText", "{\"data\":\"x\",\"context\":\"c\"}\n",
                  InputFormat::kJsonl},
        GuessCase{"RecordWithVersion", "{\"version\":1,\"question\":\"q\"}\n", InputFormat::kJsonl},
        GuessCase{"RecordWithDataTextCutShort", R"({"data":"x","answer":"long)",
                  InputFormat::kJsonl},
        GuessCase{"RecordWithDataListCutShort", R"({"data":["\"]",{}],"question":"q","context":"l)",
                  InputFormat::kJsonl},
        GuessCase{"RecordWithVersionCutShort", R"({"version":2,"context":"long)",
                  InputFormat::kJsonl},
        GuessCase{"SquadWithQuestionsInside", R"({"data":[{"question":1,"context":2},{"ti)",
                  InputFormat::kSquad},
        GuessCase{"SquadOnOneLine", R"({"version":"v2.0","data":[{"title":"x"}]})",
                  InputFormat::kSquad},
        GuessCase{"SquadCutShort", R"({"data":[{"title":"x","parag)", InputFormat::kSquad},
        GuessCase{"SquadVersionFirst", R"({"version":"1.1","data":[{"ti)", InputFormat::kSquad},
        GuessCase{"SquadPretty", "{\n  \"data\": [\n", InputFormat::kSquad},
        GuessCase{"SquadPrettyVersion", "\n {\n\t\"version\" : \"1.1\",\n", InputFormat::kSquad},
        GuessCase{"ByteOrderMark", "\xEF\xBB\xBF{\"data\":[{\"ti", InputFormat::kSquad},
        GuessCase{"ByteOrderMarkRecord", "\xEF\xBB\xBF{\"question\":\"q\"}\n", InputFormat::kJsonl},
        GuessCase{"Nothing", "", InputFormat::kJsonl},
        GuessCase{"BlankLines", "\n\n \n", InputFormat::kJsonl},
        GuessCase{"BrokenFirstRecord", "{\"question\":\"q\",\n{", InputFormat::kJsonl},
        GuessCase{"Text", "What?\n", InputFormat::kJsonl},
        GuessCase{"List", "[1]\n", InputFormat::kJsonl}),
    [](const auto& test) { return test.param.name; });

TEST(IsEnoughToGuessTest, WaitsForAWholeLineOfAnObject) {
  EXPECT_FALSE(IsEnoughToGuess(""));
  EXPECT_FALSE(IsEnoughToGuess(" \n"));
  EXPECT_FALSE(IsEnoughToGuess("{"));
  EXPECT_FALSE(IsEnoughToGuess("{\n"));
  EXPECT_FALSE(IsEnoughToGuess("{\"question\":\"q\""));
  EXPECT_TRUE(IsEnoughToGuess("{\"question\":\"q\"}\n"));
  EXPECT_TRUE(IsEnoughToGuess("{\n \"data\":"));
  EXPECT_TRUE(IsEnoughToGuess("no JSON"));
  EXPECT_TRUE(IsEnoughToGuess("{}\n"));
  EXPECT_TRUE(IsEnoughToGuess("{broken\n"));
}

}  // namespace
}  // namespace bertqa
