#include <gtest/gtest.h>

#include <limits>

#include "base/error_of.h"
#include "bertqa/error.h"
#include "bertqa/eval.h"

namespace bertqa {
namespace {

const std::vector<GoldQuestion> kGold = {{"a", {"Paris"}}, {"b", {}}, {"c", {"Rome"}}};

EvalOptions Version2() {
  EvalOptions options;
  options.version = SquadVersion::kV2;
  return options;
}

void ExpectError(ErrorCode code, const std::vector<GoldQuestion>& gold,
                 const Predictions& predictions, const NoAnswerScores* scores,
                 const EvalOptions& options) {
  ErrorOf(code, [&] { Evaluate(gold, predictions, scores, options); });
}

TEST(EvaluateTest, Version1CountsMissingPredictionsAsWrong) {
  const std::vector<GoldQuestion> gold = {{"a", {"Paris"}}, {"c", {"Rome"}}};
  const EvalReport report = Evaluate(gold, {{"a", "paris"}}, nullptr, {});
  EXPECT_EQ(report["exact"], 50.0);
  EXPECT_EQ(report["total"], 2.0);
  EXPECT_EQ(report.missing_ids, std::vector<std::string>{"c"});
}

TEST(EvaluateTest, Version2LeavesMissingPredictionsOut) {
  const EvalReport report = Evaluate(kGold, {{"a", "Paris"}, {"b", ""}}, nullptr, Version2());
  EXPECT_EQ(report["exact"], 100.0);
  EXPECT_EQ(report["total"], 2.0);
  EXPECT_EQ(report["HasAns_total"], 1.0);
  EXPECT_EQ(report.missing_ids, std::vector<std::string>{"c"});
}

TEST(EvaluateTest, Version1GivesNoWordNoF1) {
  // Both normalise to nothing: an exact match, but the 1.1 script finds no common word.
  const EvalReport report = Evaluate({{"a", {"The"}}}, {{"a", "a"}}, nullptr, {});
  EXPECT_EQ(report["exact"], 100.0);
  EXPECT_EQ(report["f1"], 0.0);
}

TEST(EvaluateTest, ExactMatchOfOneQuestionFollowsTheVersion) {
  EXPECT_TRUE(IsExactMatch(kGold[0], "the paris!", SquadVersion::kV1));
  EXPECT_FALSE(IsExactMatch(kGold[0], "Paris, France", SquadVersion::kV2));
  EXPECT_FALSE(IsExactMatch(kGold[0], "", SquadVersion::kV2));
  EXPECT_TRUE(IsExactMatch(kGold[1], "", SquadVersion::kV2));
  EXPECT_FALSE(IsExactMatch(kGold[1], "Paris", SquadVersion::kV2));
}

TEST(EvaluateTest, ScoresAboveTheThresholdAreNoAnswer) {
  const NoAnswerScores scores = {{"a", 0.5}, {"b", 0.7}, {"c", 0.2}};
  EvalOptions options = Version2();
  options.no_answer_threshold = 0.5;  // a stays: not above
  const EvalReport report =
      Evaluate(kGold, {{"a", "Paris"}, {"b", "x"}, {"c", "Rome"}}, &scores, options);
  EXPECT_EQ(report["exact"], 100.0);
}

TEST(EvaluateTest, WithoutScoresEveryScoreIsZero) {
  EvalOptions options = Version2();
  options.no_answer_threshold = -1;
  const EvalReport report =
      Evaluate(kGold, {{"a", "Paris"}, {"b", "x"}, {"c", "Rome"}}, nullptr, options);
  EXPECT_EQ(report["HasAns_exact"], 0.0);
  EXPECT_EQ(report["NoAns_exact"], 100.0);
}

TEST(EvaluateTest, RepeatedScoreIdKeepsItsFirstPlaceAndItsLastValue) {
  EvalOptions options = Version2();
  options.threshold_search = true;
  const NoAnswerScores scores = {{"a", 9}, {"b", 1}, {"c", 1}, {"a", 1}};
  // a, b, c at 1: one right, one wrong, one right; from the one unanswerable question: 2, 1, 2.
  const EvalReport report =
      Evaluate(kGold, {{"a", "Paris"}, {"b", "x"}, {"c", "Rome"}}, &scores, options);
  EXPECT_EQ(report["best_exact"], 100.0 * 2 / 3);
  EXPECT_EQ(report["best_exact_thresh"], 1.0);
}

TEST(EvaluateTest, NothingToJudgeIsAnError) {
  ExpectError(ErrorCode::kMalformed, {}, {}, nullptr, {});
  ExpectError(ErrorCode::kMalformed, kGold, {{"other", "x"}}, nullptr, Version2());
}

TEST(EvaluateTest, Version1NeedsReferenceAnswers) {
  ExpectError(ErrorCode::kMalformed, {{"b", {}}}, {{"b", "x"}}, nullptr, {});
}

TEST(EvaluateTest, MissingOrBrokenScoreIsAnError) {
  const NoAnswerScores missing = {{"a", 0}};
  const NoAnswerScores broken = {{"a", std::numeric_limits<double>::quiet_NaN()}};
  ExpectError(ErrorCode::kMalformed, kGold, {{"b", "x"}}, &missing, Version2());
  ExpectError(ErrorCode::kMalformed, kGold, {{"a", "x"}}, &broken, Version2());
}

TEST(EvaluateTest, ThresholdSearchNeedsScoresAndVersion2) {
  EvalOptions options = Version2();
  options.threshold_search = true;
  ExpectError(ErrorCode::kUsage, kGold, {{"a", "x"}}, nullptr, options);
  const NoAnswerScores scores = {{"a", 0}};
  options.version = SquadVersion::kV1;
  ExpectError(ErrorCode::kUsage, kGold, {{"a", "x"}}, &scores, options);
}

TEST(EvaluateTest, UnknownFigureIsAnError) {
  EXPECT_THROW(Evaluate({{"a", {"x"}}}, {{"a", "x"}}, nullptr, {})["NoAns_f1"], Error);
}

}  // namespace
}  // namespace bertqa
