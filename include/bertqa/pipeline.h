#pragma once

#include <any>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bertqa/decode.h"
#include "bertqa/model.h"
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
  bool no_answer = false;               ///< abstain iff null logit - best logit > null_threshold
  double null_threshold = 0;            ///< 0: abstain whenever the null term is the better one
  double temperature = 1;               ///< of the probabilities
  std::size_t max_batch_tokens = 2048;  ///< of one forward pass; bounds memory, changes no byte
  std::size_t threads = 1;              ///< never more than this many compute at once

  /// Throws Error{kUsage} that names the options that clash with each other or with the model.
  void Validate(const Tokenizer& tokenizer, const QaModel& model) const;
};

/// One question over one or several texts. `payload` is carried through untouched.
struct QaRequest {
  std::string question;
  std::vector<std::string> documents;
  std::any payload;
};

/// One answer; owns its text. Offsets are bytes of its document:
/// `documents[document_index].substr(begin, end - begin) == text`.
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
};

/// Why one record of a stream has no result. The names are the codes in the output.
enum class RecordErrorCode {
  kBadJson,
  kMissingField,
  kWrongType,
  kBadUtf8,
  kEmptyQuestion,
  kTooLong,
  kInternal
};

struct RecordError {
  RecordErrorCode code = RecordErrorCode::kInternal;
  std::string message;
};

/// What a source gives: a request, or a record that is broken already and only keeps its place.
struct StreamInput {
  QaRequest request;
  std::optional<RecordError> error;
};

/// What a sink gets, in the order of the inputs, one for each.
struct StreamOutput {
  QaRequest request;  ///< as it came
  std::variant<QaResult, RecordError> outcome;
};

/// The next input, or nothing at the end. Called from one thread of the pipeline's; may block.
using RequestSource = std::function<std::optional<StreamInput>()>;
/// Takes one output; called from one thread of the pipeline's (not the source's).
/// Returns false to stop early (a closed pipe).
using ResultSink = std::function<bool(StreamOutput)>;
/// Called by the sink's thread when no further output is ready: the moment to flush.
using SinkIdle = std::function<void()>;

/// Times are summed over threads.
struct PipelineStats {
  std::size_t records = 0;
  std::size_t windows = 0;
  std::size_t tokens = 0;  ///< of all windows, special tokens counted
  std::size_t batches = 0;
  double read_seconds = 0;  ///< source
  double tokenize_seconds = 0;
  double encode_seconds = 0;
  double decode_seconds = 0;
  double write_seconds = 0;  ///< sink
};

/// Question answering from end to end: tokenize, cut into windows, encode, decode.
/// Thread-safety: const methods may be called from several threads at once.
class QaPipeline {
 public:
  /// `model` is shared with the caller. Throws what QaOptions::Validate throws.
  QaPipeline(std::shared_ptr<const Model> model, const QaOptions& options);

  /// Answers one request on the calling thread.
  /// Throws Error{kBadUtf8} for a text that is not UTF-8, Error{kUsage} for an empty question.
  QaResult Ask(const QaRequest& request, PipelineStats* stats = nullptr) const;

  /// Answers a stream. Reading, tokenizing, encoding and writing overlap; memory is bounded by the
  /// options, not by the input; windows of several records share a forward pass. When the source
  /// blocks for 50 ms, what is pending is answered and given to the sink.
  /// Errors of a record become its outcome; what the source or the sink throws ends the stream and
  /// is thrown here.
  PipelineStats Stream(const RequestSource& source, const ResultSink& sink,
                       const SinkIdle& idle = {}) const;

  const Model& model() const { return *model_; }
  const QaOptions& options() const { return options_; }

 private:
  std::shared_ptr<const Model> model_;
  QaOptions options_;
};

}  // namespace bertqa
