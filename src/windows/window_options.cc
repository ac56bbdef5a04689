#include <string>

#include "bertqa/error.h"
#include "bertqa/window.h"

namespace bertqa {
namespace {

void RequirePositive(std::size_t value, const std::string& option) {
  if (value == 0) {
    throw Error(ErrorCode::kUsage, option + ": expected at least 1, found 0");
  }
}

}  // namespace

void WindowOptions::Validate(std::size_t special_tokens) const {
  RequirePositive(window_tokens, "--window-tokens");
  RequirePositive(max_question_tokens, "--max-question-tokens");
  // Subtracted one after the other, because the sum of absurd values may overflow.
  std::size_t left = window_tokens;
  for (const std::size_t taken : {special_tokens, max_question_tokens, overlap_tokens}) {
    if (left <= taken) {
      throw Error(ErrorCode::kUsage, "--window-tokens: expected more than --max-question-tokens " +
                                         std::to_string(max_question_tokens) +
                                         " + --overlap-tokens " + std::to_string(overlap_tokens) +
                                         " + " + std::to_string(special_tokens) +
                                         " special tokens, found " + std::to_string(window_tokens));
    }
    left -= taken;
  }
}

}  // namespace bertqa
