#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "bertqa/decode.h"

namespace bertqa {

/// Spans of one length that begin at neighbouring tokens: start[i] goes with end[i].
struct SpanTile {
  std::size_t first_start = 0;   ///< of start[0], in the window's max-context range
  std::size_t end_offset = 0;    ///< of end[0], in the window
  std::size_t extra_tokens = 0;  ///< last - first of all of them
  std::span<const float> start;
  std::span<const float> end;
};

/// Calls `visit(tile)` so that every valid span of a window is in one tile: blocks of starts that
/// fit the first cache, and in each block the shortest spans first.
/// REQUIRES: max_answer_tokens >= 1.
template <typename Visit>
void ForEachTile(const WindowLogits& logits, std::size_t max_answer_tokens, const Visit& visit) {
  constexpr std::size_t kBlock = 256;
  const Window& window = logits.window;
  const std::size_t offset = window.max_context_begin - window.context_begin;
  const std::size_t starts = window.max_context_end - window.max_context_begin;
  for (std::size_t first = 0; first < starts; first += kBlock) {
    const std::size_t block = std::min(kBlock, starts - first);
    const std::size_t begin = offset + first;
    const std::size_t longest = std::min(max_answer_tokens, window.size() - begin);
    for (std::size_t extra = 0; extra < longest; ++extra) {
      const std::size_t count = std::min(block, window.size() - begin - extra);
      visit(SpanTile{first, begin + extra, extra, logits.start.subspan(begin, count),
                     logits.end.subspan(begin + extra, count)});
    }
  }
}

}  // namespace bertqa
