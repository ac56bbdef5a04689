#include <algorithm>

#include "bertqa/error.h"
#include "bertqa/eval.h"
#include "eval/evaluate_versions.h"

namespace bertqa {

double EvalReport::operator[](std::string_view name) const {
  const auto figure =
      std::find_if(figures.begin(), figures.end(), [&](const Figure& f) { return f.name == name; });
  if (figure == figures.end()) {
    throw Error(ErrorCode::kInternal,
                "evaluation: expected a figure \"" + std::string(name) + "\", found none");
  }
  return figure->value;
}

EvalReport Evaluate(const std::vector<GoldQuestion>& questions, const Predictions& predictions,
                    const NoAnswerScores* no_answer_scores, const EvalOptions& options) {
  if (options.threshold_search && options.version != SquadVersion::kV2) {
    throw Error(ErrorCode::kUsage,
                "--threshold-search: expected a SQuAD 2.0 file, found one without unanswerable "
                "questions");
  }
  if (options.threshold_search && no_answer_scores == nullptr) {
    throw Error(ErrorCode::kUsage, "--threshold-search: expected no-answer scores, found none");
  }
  return options.version == SquadVersion::kV1
             ? EvaluateV1(questions, predictions)
             : EvaluateV2(questions, predictions, no_answer_scores, options);
}

bool IsExactMatch(const GoldQuestion& question, const std::string& answer, SquadVersion version) {
  EvalOptions options;
  options.version = version;
  return Evaluate({question}, {{question.id, answer}}, nullptr, options)["exact"] > 0;
}

}  // namespace bertqa
