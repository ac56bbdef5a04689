#include <algorithm>

#include "bertqa/decode.h"

namespace bertqa {

bool Overlaps(const TokenSpan& left, const TokenSpan& right) {
  return left.document_index == right.document_index && left.first_token <= right.last_token &&
         right.first_token <= left.last_token;
}

std::vector<TokenSpan> BestSpans(std::span<const WindowLogits> windows,
                                 std::size_t max_answer_tokens, std::size_t top_k,
                                 const HidesSpan& hides) {
  SpanRanker ranker(windows, max_answer_tokens);
  std::vector<TokenSpan> chosen;
  while (chosen.size() < top_k) {
    const std::optional<TokenSpan> candidate = ranker.Next();
    if (!candidate) {
      break;
    }
    const bool is_hidden =
        hides && std::any_of(chosen.begin(), chosen.end(),
                             [&](const TokenSpan& better) { return hides(better, *candidate); });
    if (!is_hidden) {
      chosen.push_back(*candidate);
    }
  }
  return chosen;
}

}  // namespace bertqa
