#pragma once

#include <vector>

#include "bertqa/eval.h"

namespace bertqa {

/// The `evaluate` of evaluate-v1.1.py.
EvalReport EvaluateV1(const std::vector<GoldQuestion>& questions, const Predictions& predictions);

/// The `main` of evaluate-v2.0.py. `scores` may be null.
EvalReport EvaluateV2(const std::vector<GoldQuestion>& questions, const Predictions& predictions,
                      const NoAnswerScores* scores, const EvalOptions& options);

}  // namespace bertqa
