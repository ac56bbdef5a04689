#pragma once

#include <cstddef>
#include <deque>
#include <random>
#include <vector>

#include "bertqa/decode.h"

namespace bertqa {

/// Logits of several windows and what owns the numbers behind them.
class LogitSet {
 public:
  /// Adds one window with these start and end logits.
  void Add(std::size_t document_index, const Window& window, std::vector<float> start,
           std::vector<float> end, float null_logit);

  const std::vector<WindowLogits>& windows() const { return windows_; }

 private:
  std::deque<std::vector<float>> numbers_;
  std::vector<WindowLogits> windows_;
};

/// One to three documents cut into overlapping windows, logits small whole numbers: full of ties.
LogitSet RandomTiedLogits(std::mt19937& random);

/// A window that is the max-context window of all its tokens.
Window WholeWindow(std::size_t tokens);

/// Every valid span, in the order that SpanRanker promises, found by trying all pairs of tokens.
std::vector<TokenSpan> AllSpans(const std::vector<WindowLogits>& windows,
                                std::size_t max_answer_tokens);

/// Goes through all spans, best first, and keeps what shares no token with a span already kept.
std::vector<TokenSpan> KeepDisjoint(const std::vector<TokenSpan>& spans, std::size_t top_k);

}  // namespace bertqa
