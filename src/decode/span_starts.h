#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "bertqa/decode.h"

namespace bertqa {

/// The valid spans of one window that begin at `first_token` of its max-context range.
/// A view, as WindowLogits.
class StartSpans {
 public:
  /// REQUIRES: the window holds `first_token`, max_answer_tokens >= 1.
  StartSpans(const WindowLogits& logits, std::size_t first_token, std::size_t max_answer_tokens)
      : start_logit_(logits.start[first_token - logits.window.context_begin]),
        ends_(logits.end.subspan(
            first_token - logits.window.context_begin,
            std::min(max_answer_tokens, logits.window.context_end - first_token))) {}

  std::size_t size() const { return ends_.size(); }

  /// Logit of the span of `extra_tokens` + 1 tokens.
  float operator[](std::size_t extra_tokens) const { return start_logit_ + ends_[extra_tokens]; }

 private:
  float start_logit_;
  std::span<const float> ends_;
};

}  // namespace bertqa
