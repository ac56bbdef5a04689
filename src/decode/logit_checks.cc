#include "decode/logit_checks.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bertqa/error.h"

namespace bertqa {
namespace {

[[noreturn]] void Fail(std::size_t window_index, const std::string& what) {
  throw Error(ErrorCode::kInternal, "decode: window " + std::to_string(window_index) + ": " + what);
}

bool AllFinite(std::span<const float> logits) {
  return std::all_of(logits.begin(), logits.end(),
                     [](float logit) { return std::isfinite(logit); });
}

}  // namespace

void CheckLogits(std::span<const WindowLogits> windows) {
  if (windows.empty()) {
    throw Error(ErrorCode::kInternal, "decode: expected at least one window, found none");
  }
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const WindowLogits& logits = windows[i];
    if (logits.start.size() != logits.window.size() || logits.end.size() != logits.window.size()) {
      Fail(i, "expected " + std::to_string(logits.window.size()) + " start and end logits, found " +
                  std::to_string(logits.start.size()) + " and " +
                  std::to_string(logits.end.size()));
    }
    if (!AllFinite(logits.start) || !AllFinite(logits.end) || !std::isfinite(logits.null_logit)) {
      Fail(i, "expected finite logits, found NaN or infinity");
    }
  }
}

}  // namespace bertqa
