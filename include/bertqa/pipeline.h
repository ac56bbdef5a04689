#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include "bertqa/inspect.h"
#include "bertqa/model.h"
#include "bertqa/qa.h"

namespace bertqa {

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

/// What a run did. Only what was computed counts as windows and tokens: a record that repeats the
/// question and the texts of another has none. Times are summed over threads.
struct PipelineStats {
  std::size_t records = 0;
  std::size_t duplicates = 0;  ///< records that were given the outcome of another
  std::size_t windows = 0;
  std::size_t tokens = 0;       ///< of all windows, special tokens counted
  std::size_t token_pairs = 0;  ///< sum of the windows' squared lengths: what attention looks at
  std::size_t batches = 0;
  double read_seconds = 0;  ///< source, waiting for input included
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

  /// How the answer of one request comes about. Errors as Ask.
  Inspection Inspect(const QaRequest& request, PipelineStats* stats = nullptr) const;

  /// Answers a stream. Reading, computing and writing overlap; memory is bounded by the options,
  /// not by the input; windows of several records share a forward pass. A free thread takes what is
  /// there and waits for no more, so that a source that pauses gets its answers at once.
  /// Tokenizing, encoding and decoding run on `options.threads` threads, never more; reading and
  /// writing on one more each. A record whose question and texts are, byte for byte, those of one
  /// in flight or of one of the last few thousand gets that one's outcome, and its own payload.
  /// Errors of a record become its outcome; what the source or the sink throws ends the stream and
  /// is thrown here.
  /// Once `stop` is requested no forward pass begins and nothing more is taken from the source;
  /// what is in flight ends, and what is then done, without a gap, still goes to the sink. The call
  /// returns after the source's last call did: a source that blocks must end by itself then.
  PipelineStats Stream(const RequestSource& source, const ResultSink& sink,
                       const SinkIdle& idle = {}, const std::stop_token& stop = {}) const;

  const Model& model() const { return *model_; }
  const QaOptions& options() const { return options_; }

 private:
  std::shared_ptr<const Model> model_;
  QaOptions options_;
};

}  // namespace bertqa
