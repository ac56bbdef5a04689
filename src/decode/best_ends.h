#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bertqa/decode.h"

namespace bertqa {

/// The best valid span of each token of a window's max-context range.
struct BestEnds {
  std::vector<float> logits;                ///< [starts], start logit + end logit as floats
  std::vector<std::uint32_t> extra_tokens;  ///< [starts], last - first; of equals the smallest
};

/// REQUIRES: finite logits, max_answer_tokens >= 1.
BestEnds FindBestEnds(const WindowLogits& window, std::size_t max_answer_tokens);

}  // namespace bertqa
