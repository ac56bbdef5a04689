#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace bertqa {

/// How far probabilities can be believed: of the answers given with 70 %, 70 % should be right.
/// A probability that is no number from 0 to 1 throws Error{kMalformed} in all of these, and so
/// does a set with no answer in it.

/// An answer as it was given, "no answer" included.
struct JudgedAnswer {
  double probability = 0;  ///< what it was given with
  bool is_right = false;
};

/// The answers whose probability is in (begin, end]; the first bin takes 0 too.
struct ReliabilityBin {
  double begin = 0;
  double end = 1;
  std::size_t count = 0;
  double mean_probability = 0;  ///< 0 in an empty bin
  double share_right = 0;       ///< 0 in an empty bin
};

/// Bins of equal width over [0, 1] (Guo et al. 2017, "On Calibration of Modern Neural Networks",
/// section 2). Throws Error{kUsage} for no bin.
std::vector<ReliabilityBin> BinAnswers(std::span<const JudgedAnswer> answers,
                                       std::size_t bin_count = 10);

/// Sum over the bins of count / total · |share_right − mean_probability|, in [0, 1]: Guo et al.
/// 2017, eq. 3, after Naeini et al. 2015, "Obtaining Well Calibrated Probabilities Using Bayesian
/// Binning".
double ExpectedCalibrationError(std::span<const ReliabilityBin> bins);

/// Mean of −log p over the right answers and −log(1 − p) over the wrong ones. Probabilities closer
/// to 0 or 1 than a float can tell from 1 (6e-8) count as that far away: none costs infinitely
/// much.
double MeanNegativeLogLikelihood(std::span<const JudgedAnswer> answers);

constexpr double kLowestTemperature = 0.05;
constexpr double kHighestTemperature = 20;

/// The same answers with their probabilities at another temperature.
using AnswersAtTemperature = std::function<std::vector<JudgedAnswer>(double temperature)>;

struct TemperatureFit {
  double temperature = 1;
  double negative_log_likelihood = 0;  ///< mean, at that temperature
};

/// The temperature between kLowestTemperature and kHighestTemperature at which the mean negative
/// log likelihood of "the answer is right" is least (temperature scaling: Guo et al. 2017,
/// section 4.2; they take the likelihood of the label, which only the answer's being right is a
/// part of here, as reference answers differ in wording). Logits divided by it keep their order: no
/// answer changes.
///
/// A grid over log T finds the neighbourhood, as there may be several minima, and a golden-section
/// search the place (about 40 calls, to 1e-4 of T). Of equally good temperatures it is the one
/// nearest to 1, and never one worse than 1. Where all answers are right, or all are wrong, the
/// likelihood has no minimum and the result lies near an end of the range: such a set says nothing.
TemperatureFit FitTemperature(const AnswersAtTemperature& answers_at);

}  // namespace bertqa
