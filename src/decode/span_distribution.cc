#include <algorithm>
#include <cmath>
#include <string>

#include "bertqa/decode.h"
#include "bertqa/error.h"
#include "decode/logit_checks.h"
#include "decode/span_starts.h"

namespace bertqa {
namespace {

/// Calls `visit(logit)` for every valid span, always in the same order: window, first, last token.
template <typename Visit>
void ForEachSpan(std::span<const WindowLogits> windows, std::size_t max_answer_tokens,
                 const Visit& visit) {
  for (const WindowLogits& logits : windows) {
    for (std::size_t first = logits.window.max_context_begin; first < logits.window.max_context_end;
         ++first) {
      const StartSpans spans(logits, first, max_answer_tokens);
      for (std::size_t i = 0; i < spans.size(); ++i) {
        visit(spans[i]);
      }
    }
  }
}

}  // namespace

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

  float largest = distribution.null_logit;
  ForEachSpan(windows, max_answer_tokens,
              [&largest](float logit) { largest = std::max(largest, logit); });
  if (!std::isfinite(largest)) {
    throw Error(ErrorCode::kInternal,
                "decode: expected a finite span logit, found " + std::to_string(largest));
  }
  // log sum exp(x) = m + log sum exp(x - m): with the largest for m nothing overflows.
  const double shift = static_cast<double>(largest) / temperature;
  const auto term = [&](float logit) {
    return std::exp(static_cast<double>(logit) / temperature - shift);
  };
  double sum = term(distribution.null_logit);
  ForEachSpan(windows, max_answer_tokens, [&](float logit) { sum += term(logit); });
  distribution.log_normaliser = shift + std::log(sum);
  return distribution;
}

}  // namespace bertqa
