#include "eval/threshold_search.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace bertqa {

BestThreshold FindBestThreshold(std::span<const ThresholdCandidate> candidates,
                                std::size_t unanswerable_questions) {
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return std::make_pair(candidates[left].no_answer_score, left) <
           std::make_pair(candidates[right].no_answer_score, right);
  });
  double score = static_cast<double>(unanswerable_questions);
  BestThreshold best = {score, 0};
  for (const std::size_t index : order) {
    const ThresholdCandidate& candidate = candidates[index];
    score += candidate.gain;
    if (score > best.score) {
      best = {score, candidate.no_answer_score};
    }
  }
  return best;
}

}  // namespace bertqa
