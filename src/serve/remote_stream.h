#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "bertqa/pipeline.h"
#include "serve/remote_pipeline.h"

namespace bertqa {

/// Throws Error{kUnreadable} that says what the server said, unless it answered with 200.
void RequireReply(const HttpClientReply& reply, const std::string& address);

/// One run of RemotePipeline::Stream: a reader thread, a thread for each connection, and the writer
/// on the calling thread. A connection takes what is waiting, up to a limit, and sends it as one
/// request; results come back line by line.
class RemoteStream {
 public:
  RemoteStream(const RemoteOptions& options, const std::string& query)
      : options_(options), query_(query) {}

  PipelineStats Run(const RequestSource& source, const ResultSink& sink, const SinkIdle& idle,
                    const std::stop_token& stop);

 private:
  struct Slot {
    QaRequest request;
    std::variant<QaResult, RecordError> outcome;
    std::size_t bytes = 0;
    bool is_done = false;
  };
  using SlotPointer = std::shared_ptr<Slot>;  ///< shared by `order_` and who sends it

  void ReadAll(const RequestSource& source);
  bool Admit(StreamInput input);
  void SendAll();
  std::vector<SlotPointer> TakeWaiting();
  void Send(HttpClient& client, const std::vector<SlotPointer>& slots);
  bool is_stopping();
  void Finish(Slot& slot, std::string_view line);
  void WriteAll(const ResultSink& sink, const SinkIdle& idle);
  SlotPointer TakeDone(const SinkIdle& idle);
  void Stop(std::exception_ptr error);

  const RemoteOptions& options_;
  const std::string& query_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<SlotPointer> order_;
  std::deque<SlotPointer> waiting_;
  std::size_t bytes_ = 0;  ///< of all slots in order_
  std::size_t sending_ = 0;
  std::size_t records_ = 0;
  bool end_of_input_ = false;
  bool stopping_ = false;  ///< nothing goes on
  bool draining_ = false;  ///< nothing new is sent
  std::exception_ptr error_;
};

}  // namespace bertqa
