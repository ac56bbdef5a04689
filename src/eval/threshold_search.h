#pragma once

#include <cstddef>
#include <span>

namespace bertqa {

/// One question in the order of the no-answer scores.
struct ThresholdCandidate {
  double no_answer_score = 0;
  /// What answering it adds to leaving it out: its score if it has an answer, -1 if it has none and
  /// the prediction is not empty, else 0.
  double gain = 0;
};

struct BestThreshold {
  double score = 0;      ///< sum of scores, not yet divided
  double threshold = 0;  ///< answer where the no-answer score is at most this
};

/// evaluate-v2.0.py, `find_best_thresh`: starts with no question answered and answers them by
/// rising no-answer score. As there, equal scores keep their order and may be split: the threshold
/// is the same, the score is that of the best prefix.
BestThreshold FindBestThreshold(std::span<const ThresholdCandidate> candidates,
                                std::size_t unanswerable_questions);

}  // namespace bertqa
