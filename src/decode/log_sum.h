#pragma once

#include <optional>
#include <span>

#include "bertqa/decode.h"

namespace bertqa {

/// The terms of a soft-max: all valid spans of these windows, and one null term.
struct SoftmaxTerms {
  std::span<const WindowLogits> windows;
  std::size_t max_answer_tokens = 1;
  double temperature = 1;
  float null_logit = 0;
};

/// log(sum of exp(logit / temperature)), one exponential a term: the definition.
/// Throws Error{kInternal} if the largest logit is infinite.
double LogSumTermByTerm(const SoftmaxTerms& terms);

/// The same to the last digits of a double, with one exponential a token: exp(s + e) =
/// exp(s) · exp(e), corrected for what the logit, a float, has lost of the sum s + e.
/// Nothing where that is not exact enough: for very large logits.
std::optional<double> LogSumByFactors(const SoftmaxTerms& terms);

}  // namespace bertqa
