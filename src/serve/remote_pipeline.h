#pragma once

#include <cstddef>
#include <stop_token>
#include <string>

#include "bertqa/answer_options.h"
#include "bertqa/pipeline.h"
#include "serve/module_interface.h"

namespace bertqa {

struct RemoteOptions {
  HttpClientOptions client;
  std::string model;  ///< the server's name for it; "": its first
  AnswerOptions answer;
  std::size_t connections = 2;  ///< that send records at once
};

/// What a server says of a model: what decides its answers.
struct RemoteModel {
  std::string name;
  std::string fingerprint;
  std::string precision;
  std::string kernels;
  std::string version;  ///< of the program
};

/// QaPipeline, but a server answers.
/// Thread-safety: const methods may be called from several threads at once.
class RemotePipeline {
 public:
  /// Loads the module; connects to nothing yet. Throws Error{kUsage} for an address that is none,
  /// Error{kUnsupported} if the module is not there.
  explicit RemotePipeline(RemoteOptions options);

  /// Throws Error{kUnreadable} if the server cannot be reached, or has no such model.
  RemoteModel ReadModel() const;

  /// As QaPipeline::Stream: the same results, to the bit, in the same order. Statistics count
  /// records only. Throws Error{kUnreadable} if the server cannot be reached or refuses.
  PipelineStats Stream(const RequestSource& source, const ResultSink& sink,
                       const SinkIdle& idle = {}, const std::stop_token& stop = {}) const;

  /// The options as they stand in an address: what decides a result beside the model.
  const std::string& query() const { return query_; }

 private:
  RemoteOptions options_;
  std::string query_;
};

}  // namespace bertqa
