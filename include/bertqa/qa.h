#pragma once

#include <any>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "bertqa/qa_model.h"
#include "bertqa/tokenizer.h"
#include "bertqa/window.h"

namespace bertqa {

enum class Dedupe { kOverlap, kExact, kNone };
enum class DecodeMode { kJoint, kIndependent };

/// Everything that changes an answer, and what it costs to get it.
struct QaOptions {
  WindowOptions windows;
  std::size_t top_k = 1;               ///< answers a question
  std::size_t max_answer_tokens = 30;  ///< as in run_squad
  Dedupe dedupe = Dedupe::kOverlap;    ///< hides answers; probabilities do not change
  DecodeMode decode = DecodeMode::kJoint;
  bool no_answer = false;              ///< abstain iff null logit - best logit > null_threshold
  double null_threshold = 0;           ///< 0: abstain whenever the null term is the better one
  double temperature = 1;              ///< of the probabilities
  std::size_t max_batch_tokens = 768;  ///< of one forward pass; bounds memory, changes no byte
  std::size_t threads = 1;             ///< never more than this many compute at once

  /// Throws Error{kUsage} that names the options that clash with each other or with the model.
  void Validate(const Tokenizer& tokenizer, const QaModel& model) const;
};

/// One question over one or several texts. `payload` is carried through untouched.
struct QaRequest {
  std::string question;
  std::vector<std::string> documents;
  std::any payload;
};

/// One answer; owns its text (no white space at its ends unless it is nothing else). Offsets are
/// bytes of its document: `documents[document_index].substr(begin, end - begin) == text`.
struct Answer {
  std::string text;
  std::size_t document_index = 0;
  ByteSpan span;
  float probability = 0;
  float logit = 0;
};

enum class NoAnswerReason {
  kNone,           ///< there is an answer
  kEmptyContext,   ///< no document has a token
  kNullThreshold,  ///< null logit - best logit > threshold
  kCrossed,        ///< independent decode: the end comes before the start
};

struct QaResult {
  std::vector<Answer> answers;  ///< best first, also where the answer is "none"
  NoAnswerReason no_answer_reason = NoAnswerReason::kNone;
  std::optional<float> null_logit;  ///< nothing if the context has no token
  float null_probability = 1;
  std::vector<std::string> warnings;

  bool has_answer() const { return no_answer_reason == NoAnswerReason::kNone; }

  /// How far "no answer" is ahead of the best span: null logit - its logit, what a null threshold
  /// is compared with; the largest float if there is no span.
  double null_lead() const {
    return !null_logit || answers.empty()
               ? static_cast<double>(std::numeric_limits<float>::max())
               : static_cast<double>(*null_logit) - static_cast<double>(answers.front().logit);
  }

  /// Of what is given: the best answer, or that there is none.
  float given_probability() const {
    return has_answer() ? answers.front().probability : null_probability;
  }
};

}  // namespace bertqa
