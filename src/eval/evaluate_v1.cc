#include "bertqa/error.h"
#include "eval/answer_scores.h"
#include "eval/evaluate_versions.h"

namespace bertqa {

EvalReport EvaluateV1(const std::vector<GoldQuestion>& questions, const Predictions& predictions) {
  if (questions.empty()) {
    throw Error(ErrorCode::kMalformed, "evaluation: expected at least one question, found none");
  }
  EvalReport report;
  double exact = 0;
  double f1 = 0;
  for (const GoldQuestion& question : questions) {
    const auto prediction = predictions.find(question.id);
    if (prediction == predictions.end()) {
      report.missing_ids.push_back(question.id);
      continue;
    }
    if (question.answers.empty()) {
      throw Error(ErrorCode::kMalformed, "question \"" + question.id +
                                             "\": expected a reference answer, as in every SQuAD "
                                             "1.1 file, found none");
    }
    const std::vector<AnswerWords> references(question.answers.begin(), question.answers.end());
    const AnswerScore score =
        ScoreAnswer(AnswerWords(prediction->second), references, SquadVersion::kV1);
    exact += score.exact;
    f1 += score.f1;
  }
  const auto total = static_cast<double>(questions.size());
  report.figures = {{"exact", 100.0 * exact / total},
                    {"f1", 100.0 * f1 / total},
                    {"total", total, /*is_count=*/true}};
  return report;
}

}  // namespace bertqa
