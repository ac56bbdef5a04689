#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "bertqa/pipeline.h"
#include "pipeline/example.h"

namespace bertqa {

/// One run of QaPipeline::Stream: a reader thread, `threads` encoders, and the writer on the
/// calling thread, around one mutex.
///
/// A record is a Slot from when it is read until it is written. The reader tokenizes it and puts it
/// into `order_` and `pending_`. A free encoder plans the pending windows into batches (`ready_`)
/// and takes one; the encoder that fills the last window of a slot decodes it. The writer takes
/// slots from the front of `order_` as they are done.
class StreamRun {
 public:
  StreamRun(const Model& model, const QaOptions& options);

  PipelineStats Run(const RequestSource& source, const ResultSink& sink, const SinkIdle& idle);

 private:
  struct Slot {
    QaRequest request;
    Example example;
    std::size_t weight = 0;        ///< what it counts against the bound on memory
    std::size_t windows_left = 0;  ///< not encoded yet
    bool failed = false;           ///< a batch of it failed; `outcome` says why
    bool done = false;
    std::variant<QaResult, RecordError> outcome;
  };

  /// Windows of several slots that share a forward pass.
  struct Batch {
    struct Item {
      std::shared_ptr<Slot> slot;  ///< shared with order_, which drops it when it is written
      std::size_t window_index = 0;
    };
    std::vector<Item> items;
    std::size_t tokens = 0;
  };

  void ReadAll(const RequestSource& source);
  std::shared_ptr<Slot> Prepare(StreamInput input);
  bool Admit(std::shared_ptr<Slot> slot);
  void EncodeAll();
  bool TakeBatch(Batch& batch, std::size_t& threads);
  void PlanPending();
  std::vector<std::optional<RecordError>> EncodeItems(const Batch& batch,
                                                      std::size_t threads) const;
  void Encode(std::span<const Batch::Item> items, std::size_t threads) const;
  void Finish(const Batch& batch, const std::vector<std::optional<RecordError>>& errors);
  void Decode(const std::shared_ptr<Slot>& slot);
  void WriteAll(const ResultSink& sink, const SinkIdle& idle);
  std::shared_ptr<Slot> TakeDone(const SinkIdle& idle);
  void Stop(std::exception_ptr error);

  const Model& model_;
  const QaOptions& options_;
  const PairTemplate& pair_;
  const std::size_t max_weight_;

  std::mutex mutex_;  // guards everything below
  std::condition_variable admitted_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<std::shared_ptr<Slot>> order_;
  std::deque<std::shared_ptr<Slot>> pending_;
  std::deque<Batch> ready_;
  std::size_t weight_ = 0;        ///< of all slots in order_
  std::size_t threads_busy_ = 0;  ///< of options_.threads
  bool end_of_input_ = false;
  bool stopping_ = false;
  std::exception_ptr error_;
  PipelineStats stats_;
};

/// Encodes all windows of one example on the calling thread, in batches bounded by the options.
void EncodeExample(Example& example, const Model& model, const QaOptions& options);

}  // namespace bertqa
