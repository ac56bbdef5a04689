#include <set>

#include "bertqa/window.h"

namespace bertqa {
namespace {

struct SizedWindow {
  std::size_t tokens = 0;
  std::size_t window_index = 0;
};

/// Longest first; of equals the earlier, so that a plan depends on the lengths alone.
struct LongestFirst {
  bool operator()(const SizedWindow& left, const SizedWindow& right) const {
    return left.tokens != right.tokens ? left.tokens > right.tokens
                                       : left.window_index < right.window_index;
  }
};

using WaitingWindows = std::set<SizedWindow, LongestFirst>;

/// Takes the longest window, then as long as one fits the longest that does.
BatchPlan TakeBatch(WaitingWindows& waiting, std::size_t max_batch_tokens) {
  BatchPlan plan;
  auto next = waiting.begin();
  while (next != waiting.end()) {
    plan.window_indices.push_back(next->window_index);
    plan.tokens += next->tokens;
    waiting.erase(next);
    if (plan.tokens > max_batch_tokens) {
      break;
    }
    next = waiting.lower_bound({max_batch_tokens - plan.tokens, 0});
  }
  return plan;
}

}  // namespace

std::vector<BatchPlan> PlanBatches(std::span<const std::size_t> window_lengths,
                                   std::size_t max_batch_tokens) {
  WaitingWindows waiting;
  for (std::size_t i = 0; i < window_lengths.size(); ++i) {
    waiting.insert({window_lengths[i], i});
  }
  std::vector<BatchPlan> plans;
  while (!waiting.empty()) {
    plans.push_back(TakeBatch(waiting, max_batch_tokens));
  }
  return plans;
}

}  // namespace bertqa
