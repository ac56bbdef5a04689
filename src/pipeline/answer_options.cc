#include "bertqa/answer_options.h"

#include <algorithm>

#include "bertqa/error.h"

namespace bertqa {
namespace {

/// Special tokens of a BERT pair; QaOptions::Validate asks for the model's own number.
constexpr std::size_t kUsualSpecialTokens = 3;

WindowOptions MakeWindowOptions(const AnswerOptions& answer, std::size_t model_limit) {
  WindowOptions windows;
  windows.max_question_tokens = answer.max_question_tokens;
  windows.window_tokens =
      answer.window_tokens.value_or(std::min(windows.window_tokens, model_limit));
  if (answer.overlap_tokens) {
    windows.overlap_tokens = *answer.overlap_tokens;
  } else if (!answer.window_tokens && model_limit < WindowOptions().window_tokens) {
    // A small model: the default overlap would not leave room.
    windows.overlap_tokens = std::min(windows.overlap_tokens, model_limit / 4);
    windows.max_question_tokens = std::min(windows.max_question_tokens, model_limit / 4);
  }
  return windows;
}

}  // namespace

void AnswerOptions::Validate() const {
  MakeWindowOptions(*this, WindowOptions().window_tokens).Validate(kUsualSpecialTokens);
  if (decode == DecodeMode::kIndependent && top_k > 1) {
    throw Error(ErrorCode::kUsage,
                "--top-k above 1 and --decode independent: that decode has one answer");
  }
  if (null_threshold && no_answer == std::optional<bool>(false)) {
    throw Error(ErrorCode::kUsage, "--null-threshold and --no-answer off contradict each other");
  }
}

QaOptions AnswerOptions::For(const Model& model) const {
  QaOptions options;
  options.windows = MakeWindowOptions(*this, model.qa->max_window_tokens());
  options.top_k = top_k;
  options.max_answer_tokens = max_answer_tokens;
  options.dedupe = dedupe;
  options.decode = decode;
  options.no_answer = no_answer.value_or(model.defaults.no_answer);
  options.null_threshold = null_threshold.value_or(model.defaults.null_threshold);
  options.temperature = model.defaults.temperature;
  return options;
}

}  // namespace bertqa
