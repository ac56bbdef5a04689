#include "bertqa/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

std::vector<JudgedAnswer> RandomAnswers(std::mt19937& random, std::size_t count) {
  std::vector<JudgedAnswer> answers(count);
  for (JudgedAnswer& answer : answers) {
    // Tenths are edges of bins.
    answer.probability = random() % 4 == 0 ? static_cast<double>(random() % 11) / 10
                                           : std::uniform_real_distribution<double>(0, 1)(random);
    answer.is_right = random() % 3 == 0;
  }
  return answers;
}

/// Guo et al. 2017, eq. 1 to 3, read bin by bin from the definition.
double EceByDefinition(const std::vector<JudgedAnswer>& answers, int bins) {
  double sum = 0;
  for (int m = 1; m <= bins; ++m) {
    double count = 0;
    double right = 0;
    double confidence = 0;
    for (const JudgedAnswer& answer : answers) {
      const double p = answer.probability;
      const bool above = m == 1 ? p >= 0 : p > (m - 1) / static_cast<double>(bins);
      if (above && p <= m / static_cast<double>(bins)) {
        count += 1;
        right += answer.is_right ? 1 : 0;
        confidence += p;
      }
    }
    if (count > 0) {
      sum += count / static_cast<double>(answers.size()) *
             std::abs(right / count - confidence / count);
    }
  }
  return sum;
}

TEST(BinAnswersTest, CountsMeansAndShares) {
  const std::vector<JudgedAnswer> answers = {{0.62, true}, {0.68, false}, {0.7, true}, {1, true}};
  const std::vector<ReliabilityBin> bins = BinAnswers(answers);
  ASSERT_EQ(bins.size(), 10U);
  EXPECT_EQ(bins[6].count, 3U);
  EXPECT_NEAR(bins[6].mean_probability, 2.0 / 3, 1e-12);
  EXPECT_NEAR(bins[6].share_right, 2.0 / 3, 1e-12);
  EXPECT_EQ(bins[6].begin, 0.6);
  EXPECT_EQ(bins[6].end, 0.7);
  EXPECT_EQ(bins[9].count, 1U);
  EXPECT_EQ(bins[0].count, 0U);
  EXPECT_EQ(bins[0].mean_probability, 0.0);
}

TEST(BinAnswersTest, ABinHasItsUpperEdge) {
  const std::vector<ReliabilityBin> bins =
      BinAnswers(std::vector<JudgedAnswer>{{0, false}, {0.5, true}, {1, true}}, 2);
  EXPECT_EQ(bins[0].count, 2U);
  EXPECT_EQ(bins[1].count, 1U);
}

TEST(ExpectedCalibrationErrorTest, IsTheDefinition) {
  constexpr unsigned kSeed = 11;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 50; ++round) {
    const auto answers = RandomAnswers(random, 1 + random() % 200);
    const int bins = 1 + static_cast<int>(random() % 20);
    EXPECT_NEAR(ExpectedCalibrationError(BinAnswers(answers, static_cast<std::size_t>(bins))),
                EceByDefinition(answers, bins), 1e-12)
        << "seed " << kSeed << ", round " << round;
  }
}

TEST(ExpectedCalibrationErrorTest, AllRightAllWrongAndOne) {
  const auto ece = [](const std::vector<JudgedAnswer>& answers) {
    return ExpectedCalibrationError(BinAnswers(answers));
  };
  EXPECT_NEAR(ece({{0.9, true}, {0.4, true}}), 0.35, 1e-12);
  EXPECT_NEAR(ece({{0.9, false}, {0.4, false}}), 0.65, 1e-12);
  EXPECT_NEAR(ece({{0.3, false}}), 0.3, 1e-12);
  EXPECT_EQ(ece({{1, true}, {0, false}}), 0.0);
}

TEST(ExpectedCalibrationErrorTest, GapsOfOneBinCancelGapsOfTwoDoNot) {
  // Half of the answers with 50 % are right: believed. Right at 10 %, wrong at 90 %: not.
  const std::vector<JudgedAnswer> fair = {{0.45, true}, {0.45, false}};
  const std::vector<JudgedAnswer> foul = {{0.1, true}, {0.9, false}};
  EXPECT_NEAR(ExpectedCalibrationError(BinAnswers(fair)), 0.05, 1e-12);
  EXPECT_NEAR(ExpectedCalibrationError(BinAnswers(foul)), 0.9, 1e-12);
}

TEST(CalibrationTest, RefusesWhatIsNoProbabilityAndNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {nan, -0.1, 1.1, std::numeric_limits<double>::infinity()}) {
    const std::vector<JudgedAnswer> answers = {{0.5, true}, {bad, false}};
    SCOPED_TRACE(bad);
    ErrorOf(ErrorCode::kMalformed, [&] { BinAnswers(answers); });
    ErrorOf(ErrorCode::kMalformed, [&] { MeanNegativeLogLikelihood(answers); });
    ErrorOf(ErrorCode::kMalformed, [&] { FitTemperature([&](double) { return answers; }); });
  }
  ErrorOf(ErrorCode::kMalformed, [] { BinAnswers({}); });
  ErrorOf(ErrorCode::kUsage, [] { BinAnswers(std::vector<JudgedAnswer>{{0.5, true}}, 0); });
  ErrorOf(ErrorCode::kMalformed, [] { ExpectedCalibrationError(std::vector<ReliabilityBin>(3)); });
  ErrorOf(ErrorCode::kMalformed,
          [] { FitTemperature([](double) { return std::vector<JudgedAnswer>(); }); });
}

TEST(MeanNegativeLogLikelihoodTest, IsFiniteForCertainMistakes) {
  EXPECT_NEAR(MeanNegativeLogLikelihood(std::vector<JudgedAnswer>{{0.8, true}, {0.8, false}}),
              -(std::log(0.8) + std::log(0.2)) / 2, 1e-12);
  EXPECT_NEAR(MeanNegativeLogLikelihood(std::vector<JudgedAnswer>{{1, false}}), 16.63, 0.01);
  EXPECT_LT(MeanNegativeLogLikelihood(std::vector<JudgedAnswer>{{1, true}}), 1e-6);
}

/// Questions with several candidates each. The answer is the candidate of the highest logit; it is
/// right as often as the soft-max of the logits says, before they were multiplied by `factor`.
class ScaledQuestions {
 public:
  ScaledQuestions(double factor, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, 2);
    logits_.resize(20000);
    for (std::vector<double>& logits : logits_) {
      logits.resize(6);
      for (double& logit : logits) {
        logit = normal(random);
      }
      is_right_.push_back(std::uniform_real_distribution<double>(0, 1)(random) < Top(logits, 1));
      for (double& logit : logits) {
        logit *= factor;
      }
    }
  }

  std::vector<JudgedAnswer> At(double temperature) const {
    std::vector<JudgedAnswer> answers;
    for (std::size_t i = 0; i < logits_.size(); ++i) {
      answers.push_back({Top(logits_[i], temperature), is_right_[i]});
    }
    return answers;
  }

 private:
  static double Top(const std::vector<double>& logits, double temperature) {
    const double best = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double logit : logits) {
      sum += std::exp((logit - best) / temperature);
    }
    return 1 / sum;
  }

  std::vector<std::vector<double>> logits_;
  std::vector<bool> is_right_;
};

TEST(FitTemperatureTest, GivesTheFactorOfTheLogitsBack) {
  constexpr unsigned kSeed = 7;
  for (const double factor : {0.2, 0.5, 1.0, 1.7, 4.0, 10.0}) {
    const ScaledQuestions questions(factor, kSeed);
    const TemperatureFit fit = FitTemperature([&](double t) { return questions.At(t); });
    EXPECT_NEAR(fit.temperature / factor, 1, 0.04) << "seed " << kSeed << ", factor " << factor;
    EXPECT_LT(ExpectedCalibrationError(BinAnswers(questions.At(fit.temperature))), 0.012);
    if (factor == 4.0) {
      EXPECT_GT(ExpectedCalibrationError(BinAnswers(questions.At(1))), 0.1);
    }
  }
}

TEST(FitTemperatureTest, IsAsGoodAsTryingEachTemperature) {
  const ScaledQuestions questions(1.7, 3);
  const TemperatureFit fit = FitTemperature([&](double t) { return questions.At(t); });
  double least = std::numeric_limits<double>::infinity();
  for (double t = 1.2; t < 2.4; t *= 1.002) {
    least = std::min(least, MeanNegativeLogLikelihood(questions.At(t)));
  }
  EXPECT_LE(fit.negative_log_likelihood, least + 1e-9);
  EXPECT_EQ(fit.negative_log_likelihood, MeanNegativeLogLikelihood(questions.At(fit.temperature)));
}

TEST(FitTemperatureTest, FindsTheLowerOfTwoMinima) {
  // One right answer whose probability is highest at T = 0.2, and nearly as high at T = 6.
  const auto hill = [](double t, double at, double height) {
    return height * std::exp(-4 * std::pow(std::log(t / at), 2));
  };
  const auto answers_at = [&](double t) {
    return std::vector<JudgedAnswer>{{0.01 + hill(t, 0.2, 0.9) + hill(t, 6, 0.8), true}};
  };
  EXPECT_NEAR(FitTemperature(answers_at).temperature, 0.2, 0.001);
}

TEST(FitTemperatureTest, KeepsOneWhereNothingIsBetter) {
  const auto answers_at = [](double) { return std::vector<JudgedAnswer>{{0.5, true}}; };
  EXPECT_EQ(FitTemperature(answers_at).temperature, 1.0);
}

TEST(FitTemperatureTest, AllRightIsColdAndAllWrongIsHot) {
  const auto answers_at = [](bool is_right) {
    return [is_right](double t) {
      return std::vector<JudgedAnswer>{{1 / (1 + std::exp(-0.3 / t)), is_right},
                                       {1 / (1 + std::exp(-0.1 / t)), is_right}};
    };
  };
  EXPECT_NEAR(FitTemperature(answers_at(true)).temperature, kLowestTemperature, 1e-5);
  EXPECT_NEAR(FitTemperature(answers_at(false)).temperature, kHighestTemperature, 2e-3);
}

TEST(FitTemperatureTest, StaysInTheRangeAndAsksSeldom) {
  int calls = 0;
  FitTemperature([&](double t) {
    ++calls;
    EXPECT_GE(t, kLowestTemperature * (1 - 1e-9));
    EXPECT_LE(t, kHighestTemperature * (1 + 1e-9));
    return std::vector<JudgedAnswer>{{1 / (1 + std::exp(-1 / t)), true}};
  });
  EXPECT_LE(calls, 45);
}

}  // namespace
}  // namespace bertqa
