#include "decode/best_ends.h"

#include <limits>

#include "decode/span_tiles.h"

namespace bertqa {

BestEnds FindBestEnds(const WindowLogits& window, std::size_t max_answer_tokens) {
  const std::size_t starts = window.window.max_context_end - window.window.max_context_begin;
  BestEnds best;
  best.logits.assign(starts, -std::numeric_limits<float>::infinity());
  best.extra_tokens.assign(starts, 0);
  ForEachTile(window, max_answer_tokens, [&](const SpanTile& tile) {
    const float* const start = tile.start.data();
    const float* const end = tile.end.data();
    float* const logit = best.logits.data() + tile.first_start;
    std::uint32_t* const extra = best.extra_tokens.data() + tile.first_start;
    const auto distance = static_cast<std::uint32_t>(tile.extra_tokens);
    // Without a branch, so that compilers compute several tokens at once.
    for (std::size_t i = 0; i < tile.start.size(); ++i) {
      const float sum = start[i] + end[i];
      const bool is_better = sum > logit[i];
      logit[i] = is_better ? sum : logit[i];
      extra[i] = is_better ? distance : extra[i];
    }
  });
  return best;
}

}  // namespace bertqa
