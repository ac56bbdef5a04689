#include <cmath>
#include <string>

#include "bertqa/error.h"
#include "bertqa/qa.h"

namespace bertqa {
namespace {

void RequireAtLeastOne(std::size_t value, const char* option) {
  if (value == 0) {
    throw Error(ErrorCode::kUsage, std::string(option) + ": at least 1 is expected, not 0");
  }
}

}  // namespace

void QaOptions::Validate(const Tokenizer& tokenizer, const QaModel& model) const {
  RequireAtLeastOne(top_k, "--top-k");
  RequireAtLeastOne(max_answer_tokens, "--max-answer-tokens");
  RequireAtLeastOne(max_batch_tokens, "--max-batch-tokens");
  RequireAtLeastOne(threads, "--threads");
  if (!std::isfinite(null_threshold)) {
    throw Error(ErrorCode::kUsage, "--null-threshold: a finite number is expected");
  }
  if (!(temperature > 0) || !std::isfinite(temperature)) {
    throw Error(ErrorCode::kMalformed,
                "temperature: a number above 0 is expected, not " + std::to_string(temperature));
  }
  windows.Validate(tokenizer.pair_template().special_tokens());
  if (windows.window_tokens > model.max_window_tokens()) {
    throw Error(ErrorCode::kUsage, "--window-tokens " + std::to_string(windows.window_tokens) +
                                       ": the model takes at most " +
                                       std::to_string(model.max_window_tokens()));
  }
}

}  // namespace bertqa
