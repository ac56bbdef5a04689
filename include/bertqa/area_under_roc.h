#pragma once

#include <optional>
#include <span>

namespace bertqa {

/// A question's no-answer score (`null_logit` − best logit, or any other that rises with the
/// certainty that there is no answer), and the truth.
struct ScoredQuestion {
  double no_answer_score = 0;
  bool is_unanswerable = false;
};

/// How well scores tell questions without an answer from those with one, whatever the threshold:
/// the probability that one without has a higher score than one with, of equal ones half. 1 where
/// some threshold parts them all, 0.5 where scores say nothing; nothing without questions of both
/// kinds. Area under the ROC curve, by ranks: Fawcett 2006, "An introduction to ROC analysis",
/// section 7.
/// Throws Error{kMalformed} if a score is NaN.
std::optional<double> AreaUnderRoc(std::span<const ScoredQuestion> questions);

}  // namespace bertqa
