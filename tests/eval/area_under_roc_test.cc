#include "bertqa/area_under_roc.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

/// Every pair of a question without an answer and one with, as the definition says.
double AucByDefinition(const std::vector<ScoredQuestion>& questions) {
  double won = 0;
  double pairs = 0;
  for (const ScoredQuestion& without : questions) {
    for (const ScoredQuestion& with : questions) {
      if (without.is_unanswerable && !with.is_unanswerable) {
        pairs += 1;
        won += without.no_answer_score > with.no_answer_score    ? 1.0
               : without.no_answer_score == with.no_answer_score ? 0.5
                                                                 : 0.0;
      }
    }
  }
  return won / pairs;
}

TEST(AreaUnderRocTest, WhatAThresholdPartsIsOne) {
  EXPECT_EQ(AreaUnderRoc(std::vector<ScoredQuestion>{{-3, false}, {2, true}, {-1, false}}), 1);
  EXPECT_EQ(AreaUnderRoc(std::vector<ScoredQuestion>{{-3, true}, {2, false}, {-1, true}}), 0);
}

TEST(AreaUnderRocTest, EqualScoresSayNothing) {
  EXPECT_EQ(AreaUnderRoc(std::vector<ScoredQuestion>{{1, true}, {1, false}, {1, false}}), 0.5);
}

/// Two of three pairs are in order, of the third both are equal.
TEST(AreaUnderRocTest, PairsAreCounted) {
  EXPECT_EQ(
      AreaUnderRoc(std::vector<ScoredQuestion>{{1, true}, {0, false}, {1, false}, {-2, false}}),
      2.5 / 3);
}

TEST(AreaUnderRocTest, RandomScoresAreLikeTheDefinition) {
  std::mt19937 random(1);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 200; ++round) {
    std::vector<ScoredQuestion> questions = {{0, true}, {0, false}};
    const std::size_t count = random() % 40;
    for (std::size_t i = 0; i < count; ++i) {
      const double score = random() % 9 == 0 ? kInfinity : static_cast<double>(random() % 12) / 4;
      questions.push_back({random() % 2 == 0 ? score : -score, random() % 3 == 0});
    }
    EXPECT_DOUBLE_EQ(AreaUnderRoc(questions).value(), AucByDefinition(questions));
  }
}

TEST(AreaUnderRocTest, OneKindAloneHasNone) {
  for (const bool is_unanswerable : {false, true}) {
    EXPECT_EQ(AreaUnderRoc(std::vector<ScoredQuestion>{{1, is_unanswerable}}), std::nullopt);
  }
  EXPECT_EQ(AreaUnderRoc({}), std::nullopt);
}

TEST(AreaUnderRocTest, NanIsAnError) {
  EXPECT_EQ(
      ErrorOf(ErrorCode::kMalformed,
              [] { AreaUnderRoc(std::vector<ScoredQuestion>{{std::nan(""), true}, {1, false}}); }),
      "area under the ROC curve: question 0: expected a score, found NaN");
}

}  // namespace
}  // namespace bertqa
