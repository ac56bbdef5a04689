#include <algorithm>
#include <cmath>
#include <optional>

#include "bertqa/decode.h"
#include "decode/log_sum.h"
#include "decode/logit_checks.h"

namespace bertqa {

float SpanDistribution::Probability(float logit) const {
  const double probability = std::exp(static_cast<double>(logit) / temperature - log_normaliser);
  return static_cast<float>(std::clamp(probability, 0.0, 1.0));
}

SpanDistribution ComputeDistribution(std::span<const WindowLogits> windows,
                                     std::size_t max_answer_tokens, double temperature) {
  CheckLogits(windows);
  SpanDistribution distribution;
  distribution.temperature = temperature;
  distribution.null_logit =
      std::min_element(windows.begin(), windows.end(),
                       [](const WindowLogits& left, const WindowLogits& right) {
                         return left.null_logit < right.null_logit;
                       })
          ->null_logit;

  const SoftmaxTerms terms = {windows, max_answer_tokens, temperature, distribution.null_logit};
  const std::optional<double> log_sum = LogSumByFactors(terms);
  distribution.log_normaliser = log_sum ? *log_sum : LogSumTermByTerm(terms);
  return distribution;
}

}  // namespace bertqa
