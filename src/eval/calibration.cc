#include "bertqa/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "bertqa/error.h"

namespace bertqa {
namespace {

void Check(std::span<const JudgedAnswer> answers) {
  if (answers.empty()) {
    throw Error(ErrorCode::kMalformed, "calibration: expected at least one answer, found none");
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const double probability = answers[i].probability;
    if (std::isnan(probability) || probability < 0 || probability > 1) {
      throw Error(ErrorCode::kMalformed, "calibration: answer " + std::to_string(i) +
                                             ": expected a probability, found " +
                                             std::to_string(probability));
    }
  }
}

/// One temperature that was tried.
struct Trial {
  double log_temperature = 0;
  double loss = 0;

  bool IsBetterThan(const Trial& other) const {
    return loss < other.loss ||
           (loss == other.loss && std::abs(log_temperature) < std::abs(other.log_temperature));
  }
};

class TemperatureSearch {
 public:
  explicit TemperatureSearch(const AnswersAtTemperature& answers_at) : answers_at_(answers_at) {}

  TemperatureFit Run() {
    const double low = std::log(kLowestTemperature);
    const double step = (std::log(kHighestTemperature) - low) / (kGridPoints - 1);
    best_ = Try(0);
    for (int i = 0; i < kGridPoints; ++i) {
      Try(low + step * i);
    }
    const double centre = best_.log_temperature;
    Narrow(std::max(centre - step, low), std::min(centre + step, low + step * (kGridPoints - 1)));
    return {std::exp(best_.log_temperature), best_.loss};
  }

 private:
  static constexpr int kGridPoints = 17;
  static constexpr double kTolerance = 1e-4;  ///< of log T: relative, of T

  Trial Try(double log_temperature) {
    const std::vector<JudgedAnswer> answers = answers_at_(std::exp(log_temperature));
    const Trial trial = {log_temperature, MeanNegativeLogLikelihood(answers)};
    if (trial.IsBetterThan(best_)) {
      best_ = trial;
    }
    return trial;
  }

  /// Golden-section search (Kiefer 1953): of the two inner points, the worse becomes an end, and
  /// the better is an inner point of what is left.
  void Narrow(double low, double high) {
    constexpr double kShare = 1 / std::numbers::phi;
    Trial left = Try(high - kShare * (high - low));
    Trial right = Try(low + kShare * (high - low));
    while (high - low > kTolerance) {
      if (left.IsBetterThan(right)) {
        high = right.log_temperature;
        right = left;
        left = Try(high - kShare * (high - low));
      } else {
        low = left.log_temperature;
        left = right;
        right = Try(low + kShare * (high - low));
      }
    }
  }

  const AnswersAtTemperature& answers_at_;
  Trial best_ = {0, std::numeric_limits<double>::infinity()};
};

}  // namespace

std::vector<ReliabilityBin> BinAnswers(std::span<const JudgedAnswer> answers,
                                       std::size_t bin_count) {
  if (bin_count == 0) {
    throw Error(ErrorCode::kUsage, "calibration: expected at least one bin, found none");
  }
  Check(answers);
  const auto width_inverse = static_cast<double>(bin_count);
  std::vector<ReliabilityBin> bins(bin_count);
  for (std::size_t i = 0; i < bin_count; ++i) {
    bins[i].begin = static_cast<double>(i) / width_inverse;
    bins[i].end = static_cast<double>(i + 1) / width_inverse;
  }
  for (const JudgedAnswer& answer : answers) {
    const auto bin = std::lower_bound(
        bins.begin(), bins.end(), answer.probability,
        [](const ReliabilityBin& candidate, double p) { return candidate.end < p; });
    ++bin->count;
    bin->mean_probability += answer.probability;
    bin->share_right += answer.is_right ? 1 : 0;
  }
  for (ReliabilityBin& bin : bins) {
    if (bin.count > 0) {
      bin.mean_probability /= static_cast<double>(bin.count);
      bin.share_right /= static_cast<double>(bin.count);
    }
  }
  return bins;
}

double ExpectedCalibrationError(std::span<const ReliabilityBin> bins) {
  double gaps = 0;
  double total = 0;
  for (const ReliabilityBin& bin : bins) {
    gaps += static_cast<double>(bin.count) * std::abs(bin.share_right - bin.mean_probability);
    total += static_cast<double>(bin.count);
  }
  if (total == 0) {
    throw Error(ErrorCode::kMalformed, "calibration: expected at least one answer, found none");
  }
  return gaps / total;
}

double MeanNegativeLogLikelihood(std::span<const JudgedAnswer> answers) {
  Check(answers);
  constexpr double kLeast = 6e-8;  // 2^-24 = 5.96e-8, half the gap of floats below 1
  double sum = 0;
  for (const JudgedAnswer& answer : answers) {
    const double of_truth = answer.is_right ? answer.probability : 1 - answer.probability;
    sum -= std::log(std::clamp(of_truth, kLeast, 1 - kLeast));
  }
  return sum / static_cast<double>(answers.size());
}

TemperatureFit FitTemperature(const AnswersAtTemperature& answers_at) {
  return TemperatureSearch(answers_at).Run();
}

}  // namespace bertqa
