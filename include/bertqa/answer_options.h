#pragma once

#include <cstddef>
#include <optional>

#include "bertqa/model.h"
#include "bertqa/qa.h"

namespace bertqa {

/// What a person may say of the answers: the command line's options, and a request's to the server.
/// What is not said comes from the model or from QaOptions.
struct AnswerOptions {
  std::size_t top_k = QaOptions().top_k;
  std::size_t max_answer_tokens = QaOptions().max_answer_tokens;
  std::size_t max_question_tokens = WindowOptions().max_question_tokens;
  std::optional<std::size_t> window_tokens;   ///< 384, or what the model allows
  std::optional<std::size_t> overlap_tokens;  ///< 128; a quarter of a smaller model's window
  Dedupe dedupe = Dedupe::kOverlap;
  DecodeMode decode = DecodeMode::kJoint;
  std::optional<bool> no_answer;
  std::optional<double> null_threshold;

  /// Throws Error{kUsage} for options that contradict each other whatever the model.
  void Validate() const;

  /// The options for `model`; threads and max_batch_tokens are as QaOptions has them.
  /// QaOptions::Validate says whether the model can do that.
  QaOptions For(const Model& model) const;
};

}  // namespace bertqa
