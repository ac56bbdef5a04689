#include <gtest/gtest.h>

#include "bertqa/eval.h"
#include "eval/golden_file.h"

namespace bertqa {
namespace {

struct GoldenCase {
  std::vector<GoldQuestion> questions;
  Predictions predictions;
  NoAnswerScores scores;
  bool has_scores = false;
  EvalOptions options;
};

GoldenCase ReadCase(const nlohmann::json& row) {
  GoldenCase golden;
  for (const nlohmann::json& question : row["questions"]) {
    golden.questions.push_back(
        {question[0].get<std::string>(), question[1].get<std::vector<std::string>>()});
  }
  golden.predictions = row["predictions"].get<Predictions>();
  golden.has_scores = !row["scores"].is_null();
  if (golden.has_scores) {
    golden.scores = row["scores"].get<NoAnswerScores>();
  }
  golden.options.version = row["version"] == 1 ? SquadVersion::kV1 : SquadVersion::kV2;
  golden.options.no_answer_threshold = row["threshold"];
  golden.options.threshold_search = golden.has_scores;  // as the official script
  return golden;
}

void ExpectOfficialFigures(const nlohmann::json& row) {
  const GoldenCase golden = ReadCase(row);
  const EvalReport report = Evaluate(golden.questions, golden.predictions,
                                     golden.has_scores ? &golden.scores : nullptr, golden.options);
  const nlohmann::json& expected = row["figures"];
  ASSERT_EQ(report.figures.size(), expected.size()) << row;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(report.figures[i].name, expected[i][0].get<std::string>()) << row;
    // The very same double, not one that is near.
    ASSERT_EQ(report.figures[i].value, expected[i][1].get<double>())
        << report.figures[i].name << " of " << row;
    ASSERT_EQ(report.figures[i].is_count,
              expected[i][1].is_number_integer() && report.figures[i].name.ends_with("total"));
  }
}

std::size_t ExpectVersion(int version) {
  std::size_t cases = 0;
  for (const nlohmann::json& row : ReadGolden("eval_figures.json")) {
    if (row["version"] == version) {
      ExpectOfficialFigures(row);
      ++cases;
    }
  }
  return cases;
}

TEST(EvaluateGoldenTest, Version1EqualsTheOfficialScript) {
  EXPECT_GE(ExpectVersion(1), 15U);
}

TEST(EvaluateGoldenTest, Version2EqualsTheOfficialScript) {
  EXPECT_GE(ExpectVersion(2), 37U);
}

}  // namespace
}  // namespace bertqa
