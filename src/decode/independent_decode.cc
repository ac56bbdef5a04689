#include <algorithm>
#include <span>

#include "bertqa/decode.h"
#include "decode/logit_checks.h"

namespace bertqa {
namespace {

/// The highest logit of one kind, and where it is.
struct Peak {
  float logit = -std::numeric_limits<float>::infinity();
  std::size_t window_index = 0;
  std::size_t token_index = 0;  ///< in its document
};

/// Of equals the first that was seen stays.
void Raise(Peak& peak, std::span<const float> logits, const Window& window,
           std::size_t window_index) {
  const auto highest = std::max_element(logits.begin(), logits.end());
  if (highest != logits.end() && *highest > peak.logit) {
    const auto offset = static_cast<std::size_t>(highest - logits.begin());
    peak = {*highest, window_index, window.context_begin + offset};
  }
}

}  // namespace

IndependentSpan IndependentDecode(std::span<const WindowLogits> windows) {
  CheckLogits(windows);
  Peak start;
  Peak end;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    Raise(start, windows[i].start, windows[i].window, i);
    Raise(end, windows[i].end, windows[i].window, i);
  }
  IndependentSpan span;
  span.start_document = windows[start.window_index].document_index;
  span.start_token = start.token_index;
  span.end_document = windows[end.window_index].document_index;
  span.end_token = end.token_index;
  span.window_index = start.window_index;
  span.logit = start.logit + end.logit;
  return span;
}

}  // namespace bertqa
