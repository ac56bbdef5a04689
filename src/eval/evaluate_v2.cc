#include <cmath>
#include <unordered_map>

#include "bertqa/error.h"
#include "eval/answer_scores.h"
#include "eval/evaluate_versions.h"
#include "eval/threshold_search.h"

namespace bertqa {
namespace {

/// A question with a prediction. Ids are unique, in the order in which they first appear; of a
/// repeated one the last question counts, as in the script's dicts.
struct JudgedQuestion {
  std::string id;
  bool has_answer = false;
  bool predicts_answer = false;
  AnswerScore raw;          ///< before the no-answer threshold
  AnswerScore thresholded;  ///< after it
};

enum class Subset { kAll, kHasAnswer, kNoAnswer };

bool Belongs(const JudgedQuestion& question, Subset subset) {
  return subset == Subset::kAll || question.has_answer == (subset == Subset::kHasAnswer);
}

using IndexById = std::unordered_map<std::string, std::size_t>;

/// Questions of one id replaced by the last of them.
std::vector<const GoldQuestion*> LastOfEachId(const std::vector<GoldQuestion>& questions) {
  std::vector<const GoldQuestion*> unique;
  IndexById index_by_id;
  for (const GoldQuestion& question : questions) {
    const auto [entry, is_new] = index_by_id.try_emplace(question.id, unique.size());
    if (is_new) {
      unique.push_back(&question);
    } else {
      unique[entry->second] = &question;
    }
  }
  return unique;
}

NoAnswerScores LastOfEachId(const NoAnswerScores& scores) {
  NoAnswerScores unique;
  IndexById index_by_id;
  for (const auto& [id, score] : scores) {
    if (std::isnan(score)) {
      throw Error(ErrorCode::kMalformed,
                  "no-answer score of \"" + id + "\": expected a number, found NaN");
    }
    const auto [entry, is_new] = index_by_id.try_emplace(id, unique.size());
    if (is_new) {
      unique.emplace_back(id, score);
    } else {
      unique[entry->second].second = score;
    }
  }
  return unique;
}

JudgedQuestion JudgeQuestion(const GoldQuestion& question, const std::string& prediction) {
  JudgedQuestion judged;
  judged.id = question.id;
  judged.has_answer = !question.answers.empty();
  judged.predicts_answer = !prediction.empty();
  std::vector<AnswerWords> references;
  for (const std::string& answer : question.answers) {
    AnswerWords words(answer);
    if (!words.text.empty()) {
      references.push_back(std::move(words));
    }
  }
  if (references.empty()) {
    references.emplace_back("");
  }
  judged.raw = ScoreAnswer(AnswerWords(prediction), references, SquadVersion::kV2);
  judged.thresholded = judged.raw;
  return judged;
}

/// The score of each id; without scores that of every question is 0.
class ScoreTable {
 public:
  explicit ScoreTable(const NoAnswerScores* scores) : is_given_(scores != nullptr) {
    if (is_given_) {
      score_by_id_.insert(scores->begin(), scores->end());
    }
  }

  double ScoreOf(const std::string& id) const {
    const auto score = score_by_id_.find(id);
    if (score != score_by_id_.end()) {
      return score->second;
    }
    if (is_given_) {
      throw Error(
          ErrorCode::kMalformed,
          "no-answer scores: expected one for every prediction, found none for \"" + id + "\"");
    }
    return 0;
  }

 private:
  bool is_given_;
  std::unordered_map<std::string, double> score_by_id_;
};

/// A question whose no-answer score is above the threshold counts as not answered.
void ApplyThreshold(std::vector<JudgedQuestion>& judged, const ScoreTable& scores,
                    double threshold) {
  for (JudgedQuestion& question : judged) {
    if (scores.ScoreOf(question.id) > threshold) {
      const double value = question.has_answer ? 0 : 1;
      question.thresholded = {value, value};
    }
  }
}

void AddFigures(EvalReport& report, const std::vector<JudgedQuestion>& judged, Subset subset,
                const std::string& prefix) {
  double exact = 0;
  double f1 = 0;
  double total = 0;
  for (const JudgedQuestion& question : judged) {
    if (Belongs(question, subset)) {
      exact += question.thresholded.exact;
      f1 += question.thresholded.f1;
      total += 1;
    }
  }
  if (total > 0) {
    report.figures.push_back({prefix + "exact", 100.0 * exact / total});
    report.figures.push_back({prefix + "f1", 100.0 * f1 / total});
    report.figures.push_back({prefix + "total", total, /*is_count=*/true});
  }
}

std::vector<ThresholdCandidate> MakeCandidates(const std::vector<JudgedQuestion>& judged,
                                               const NoAnswerScores& scores,
                                               double AnswerScore::* figure) {
  std::unordered_map<std::string, const JudgedQuestion*> question_by_id;
  for (const JudgedQuestion& question : judged) {
    question_by_id.emplace(question.id, &question);
  }
  std::vector<ThresholdCandidate> candidates;
  for (const auto& [id, score] : scores) {
    const auto found = question_by_id.find(id);
    if (found != question_by_id.end()) {
      const JudgedQuestion& question = *found->second;
      const double gain =
          question.has_answer ? question.raw.*figure : (question.predicts_answer ? -1.0 : 0.0);
      candidates.push_back({score, gain});
    }
  }
  return candidates;
}

}  // namespace

EvalReport EvaluateV2(const std::vector<GoldQuestion>& questions, const Predictions& predictions,
                      const NoAnswerScores* scores, const EvalOptions& options) {
  EvalReport report;
  std::vector<JudgedQuestion> judged;
  std::size_t unanswerable_questions = 0;  // missing ones counted, as in the script
  for (const GoldQuestion* const question : LastOfEachId(questions)) {
    unanswerable_questions += question->answers.empty() ? 1U : 0U;
    const auto prediction = predictions.find(question->id);
    if (prediction == predictions.end()) {
      report.missing_ids.push_back(question->id);
    } else {
      judged.push_back(JudgeQuestion(*question, prediction->second));
    }
  }
  if (judged.empty()) {
    throw Error(ErrorCode::kMalformed,
                "evaluation: expected a prediction for at least one question, found none");
  }
  const NoAnswerScores unique_scores = scores != nullptr ? LastOfEachId(*scores) : NoAnswerScores();
  ApplyThreshold(judged, ScoreTable(scores != nullptr ? &unique_scores : nullptr),
                 options.no_answer_threshold);
  AddFigures(report, judged, Subset::kAll, "");
  AddFigures(report, judged, Subset::kHasAnswer, "HasAns_");
  AddFigures(report, judged, Subset::kNoAnswer, "NoAns_");
  if (!options.threshold_search) {
    return report;
  }
  const auto add_best = [&](const std::string& name, double AnswerScore::* figure) {
    const BestThreshold best =
        FindBestThreshold(MakeCandidates(judged, unique_scores, figure), unanswerable_questions);
    report.figures.push_back({name, 100.0 * best.score / static_cast<double>(judged.size())});
    report.figures.push_back({name + "_thresh", best.threshold});
  };
  add_best("best_exact", &AnswerScore::exact);
  add_best("best_f1", &AnswerScore::f1);
  return report;
}

}  // namespace bertqa
