#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bertqa/eval.h"

namespace bertqa {

/// A normalised answer and its words, sorted.
struct AnswerWords {
  explicit AnswerWords(std::string_view answer);

  std::string text;
  std::vector<std::string> words;
};

/// Exact match (0 or 1) and F1 over words, both in [0, 1].
struct AnswerScore {
  double exact = 0;
  double f1 = 0;
};

/// The best exact match and the best F1 over `references`, each on its own.
/// The scripts differ where an answer normalises to nothing: v2.0 gives 1 if both are empty, v1.1
/// gives 0 whatever the other is.
/// REQUIRES: at least one reference.
AnswerScore ScoreAnswer(const AnswerWords& prediction, const std::vector<AnswerWords>& references,
                        SquadVersion version);

}  // namespace bertqa
