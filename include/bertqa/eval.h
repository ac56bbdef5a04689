#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bertqa {

/// SQuAD's answer normalisation: lower-case, no ASCII punctuation, no articles (a, an, the), single
/// spaces. Same result as `normalize_answer` of the official evaluate-v1.1.py and evaluate-v2.0.py
/// under Python 3.11 (`str.lower`, `\b` and `str.split` as Python defines them).
/// Throws Error{kBadUtf8}.
std::string NormalizeAnswer(std::string_view answer);

/// Which official script's rules apply.
enum class SquadVersion {
  kV1,  ///< evaluate-v1.1: a missing prediction counts as wrong
  kV2,  ///< evaluate-v2.0: unanswerable questions; missing predictions are left out
};

/// One question of a SQuAD file with its reference answers (none: unanswerable).
struct GoldQuestion {
  std::string id;
  std::vector<std::string> answers;
};

using Predictions = std::unordered_map<std::string, std::string>;  ///< by id; "" is no answer
/// (id, "na_prob") in the order of the file, which decides between equal scores in the threshold
/// search. Of a repeated id the last score counts, at its first place, as in a Python dict.
using NoAnswerScores = std::vector<std::pair<std::string, double>>;

/// Figures with the names and, to the last digit, the values of the official script.
/// `values` holds (name, value) in the official order: exact, f1, total, HasAns_exact, HasAns_f1,
/// HasAns_total, NoAns_…, best_exact, best_exact_thresh, best_f1, best_f1_thresh (those that
/// apply).
/// Questions without a prediction count in no v2 figure (there the official script gives up).
struct EvalReport {
  struct Figure {
    std::string name;
    double value = 0;
    bool is_count = false;  ///< printed as an integer
  };
  std::vector<Figure> figures;
  std::vector<std::string> missing_ids;  ///< questions without a prediction, in order

  /// Throws Error{kInternal} if there is no such figure.
  double operator[](std::string_view name) const;
};

struct EvalOptions {
  SquadVersion version = SquadVersion::kV1;
  double no_answer_threshold = 1.0;  ///< predictions with a larger score count as "no answer" (v2)
  bool threshold_search = false;     ///< v2 only; needs no-answer scores
};

/// `no_answer_scores` may be null: every score is then 0, as in the official script.
/// Throws Error{kMalformed} if there is nothing to judge, a v1 question has no reference answer, or
/// a prediction has no score (or NaN) where scores are given; Error{kUsage} for a threshold search
/// without scores or on v1; Error{kBadUtf8}.
EvalReport Evaluate(const std::vector<GoldQuestion>& questions, const Predictions& predictions,
                    const NoAnswerScores* no_answer_scores, const EvalOptions& options);

/// What `exact` counts for one question: `answer` ("": none) against its references. Errors as
/// Evaluate.
bool IsExactMatch(const GoldQuestion& question, const std::string& answer, SquadVersion version);

}  // namespace bertqa
