#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bertqa/area_under_roc.h"
#include "bertqa/calibration.h"
#include "bertqa/eval.h"
#include "command.h"
#include "io/squad_reader.h"

namespace bertqa::cli {

/// One answer of a model as it would be shown.
struct ShownAnswer {
  std::size_t example_index = 0;
  std::string text;            ///< "": no answer
  double probability = 0;      ///< of no answer, the null term's
  double no_answer_score = 0;  ///< null_lead()
};

/// What is judged: the answers given, and for a threshold search the best spans before any
/// threshold and how far "no answer" is ahead of them.
struct EvalAnswers {
  Predictions given;
  Predictions best_spans;
  NoAnswerScores scores;
  bool has_scores = false;
  std::vector<ShownAnswer> shown;  ///< of a model only; questions that failed are left out
};

/// Answers from a file, and their no-answer scores from another unless `na_probs` is empty.
EvalAnswers ReadAnswers(const std::string& predictions, const std::string& na_probs);

/// Runs the model over all questions.
EvalAnswers PredictAnswers(const SquadFile& file, const RunOptions& run,
                           const AnswerOptions& answer);

void SavePredictions(const SquadFile& file, const EvalAnswers& answers, const std::string& path);

/// The question as the scripts see it.
GoldQuestion GoldOf(const SquadExample& example);

/// Right is what `exact` counts.
std::vector<JudgedAnswer> JudgeShown(const SquadFile& file, const std::vector<ShownAnswer>& shown);

/// How far "no answer" is ahead of the best span, and whether there is truly none.
std::vector<ScoredQuestion> ScoreShown(const SquadFile& file,
                                       const std::vector<ShownAnswer>& shown);

}  // namespace bertqa::cli
