#include <algorithm>

#include "bertqa/decode.h"
#include "decode/best_ends.h"
#include "decode/logit_checks.h"
#include "decode/span_starts.h"

namespace bertqa {

SpanRanker::SpanRanker(std::span<const WindowLogits> windows, std::size_t max_answer_tokens)
    : windows_(windows), max_answer_tokens_(max_answer_tokens) {
  CheckLogits(windows);
  for (std::size_t window_index = 0; window_index < windows.size(); ++window_index) {
    const BestEnds best = FindBestEnds(windows[window_index], max_answer_tokens);
    for (std::size_t i = 0; i < best.logits.size(); ++i) {
      const std::size_t first = windows[window_index].window.max_context_begin + i;
      heap_.push_back({best.logits[i], window_index, first, first + best.extra_tokens[i]});
    }
  }
  std::make_heap(heap_.begin(), heap_.end(), Worse);
}

/// A total order over starts: no two have the same window and first token.
bool SpanRanker::Worse(const Start& left, const Start& right) {
  if (left.logit < right.logit || right.logit < left.logit) {
    return left.logit < right.logit;
  }
  if (left.window_index != right.window_index) {
    return left.window_index > right.window_index;
  }
  return left.first_token > right.first_token;
}

/// Moves `start` to the best of its spans that come after the one it stands at: a smaller logit, or
/// the same and a later last token. False if there is none.
bool SpanRanker::Advance(Start& start) const {
  const StartSpans spans(windows_[start.window_index], start.first_token, max_answer_tokens_);
  const std::size_t given = start.last_token - start.first_token;
  const float bound = start.logit;
  bool found = false;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const bool comes_after = spans[i] < bound || (i > given && !(bound < spans[i]));
    if (comes_after && (!found || spans[i] > start.logit)) {
      start.logit = spans[i];
      start.last_token = start.first_token + i;
      found = true;
    }
  }
  return found;
}

std::optional<TokenSpan> SpanRanker::Next() {
  if (heap_.empty()) {
    return std::nullopt;
  }
  std::pop_heap(heap_.begin(), heap_.end(), Worse);
  Start& start = heap_.back();
  const TokenSpan span{windows_[start.window_index].document_index, start.window_index,
                       start.first_token, start.last_token, start.logit};
  if (Advance(start)) {
    std::push_heap(heap_.begin(), heap_.end(), Worse);
  } else {
    heap_.pop_back();
  }
  return span;
}

}  // namespace bertqa
