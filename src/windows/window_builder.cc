#include <algorithm>
#include <cstdint>

#include "bertqa/window.h"

namespace bertqa {
namespace {

/// 100 * min(tokens to the left, tokens to the right) + window length: google's score, which adds
/// 0.01 * length, in whole numbers. As doubles the two sides of an exact tie can differ in the last
/// bit, a different one from token to token, and a max-context range could fall apart.
/// -1 if the token is outside.
std::int64_t MaxContextScore(const Window& window, std::size_t token_index) {
  if (token_index < window.context_begin || token_index >= window.context_end) {
    return -1;
  }
  const std::size_t left = token_index - window.context_begin;
  const std::size_t right = window.context_end - 1 - token_index;
  return static_cast<std::int64_t>(100 * std::min(left, right) + window.size());
}

std::vector<Window> CoverContext(std::size_t context_tokens, std::size_t capacity,
                                 std::size_t step) {
  std::vector<Window> windows;
  for (std::size_t begin = 0; begin < context_tokens; begin += step) {
    Window window;
    window.context_begin = begin;
    window.context_end = std::min(begin + capacity, context_tokens);
    windows.push_back(window);
    if (window.context_end == context_tokens) {
      break;
    }
  }
  return windows;
}

/// Walks the tokens from left to right; the owner only ever moves to a later window. Looking at the
/// next window is enough: of full windows the scores fall on both sides of the one whose middle is
/// nearest, and the last one, if it is shorter, scores below a full one with the same begin.
void AssignMaxContext(std::vector<Window>& windows, std::size_t context_tokens) {
  std::size_t owner = 0;
  for (std::size_t token_index = 0; token_index < context_tokens; ++token_index) {
    while (owner + 1 < windows.size() && MaxContextScore(windows[owner + 1], token_index) >
                                             MaxContextScore(windows[owner], token_index)) {
      ++owner;
      windows[owner].max_context_begin = token_index;
      windows[owner].max_context_end = token_index;
    }
    windows[owner].max_context_end = token_index + 1;
  }
}

}  // namespace

std::vector<Window> BuildWindows(std::size_t question_tokens, std::size_t context_tokens,
                                 std::size_t special_tokens, const WindowOptions& options) {
  const std::size_t capacity = options.window_tokens - special_tokens - question_tokens;
  const std::size_t step = capacity - options.overlap_tokens;
  std::vector<Window> windows = CoverContext(context_tokens, capacity, step);
  AssignMaxContext(windows, context_tokens);
  return windows;
}

}  // namespace bertqa
