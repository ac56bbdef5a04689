#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "bertqa/pipeline.h"
#include "pipeline/encode.h"
#include "pipeline/example.h"
#include "pipeline/outcome_cache.h"

namespace bertqa {

/// One run of QaPipeline::Stream: a reader thread, `threads` workers, and the writer on the calling
/// thread, around one mutex.
///
/// A record is a Slot from when it is read until it is written. The reader puts it into `order_`
/// and, unless another record asks the same, into `raw_`. A worker tokenizes raw slots into
/// `pending_` windows, plans those into batches (`ready_`), or takes a batch and encodes it; the
/// one that fills the last window of a slot decodes it. The writer takes slots from the front of
/// `order_` as they are done. The reader and the writer only read and write: all that computes is a
/// worker's, and no more than `threads` of them compute at a time.
///
/// Where there is no memory, a record fails and the others go on: a step either allocates before it
/// takes anything away from the queues, or fails the slots that it has taken.
class StreamRun {
 public:
  StreamRun(const Model& model, const QaOptions& options);

  PipelineStats Run(const RequestSource& source, const ResultSink& sink, const SinkIdle& idle,
                    const std::stop_token& stop);

 private:
  struct Slot {
    QaRequest request;
    std::shared_ptr<Outcome> outcome;  ///< shared with the records that ask the same, and `cache_`
    Example example;                   ///< empty if another slot computes the outcome
    std::size_t weight = 0;            ///< what it counts against the bound on memory
    std::size_t windows_left = 0;      ///< not encoded yet
  };
  /// Where the outcome of a slot comes from: it is to be computed, another slot's is, or it was an
  /// error when it was read.
  enum class Role { kNew, kDuplicate, kBroken };
  using SlotPointer = std::shared_ptr<Slot>;  ///< shared by `order_` and who computes it
  using Lock = std::unique_lock<std::mutex>;

  /// One window on its way to the model.
  struct Item {
    SlotPointer slot;
    std::size_t window_index = 0;
  };
  /// Windows of several slots that share a forward pass.
  struct Batch {
    std::vector<Item> items;
    std::size_t tokens = 0;
  };

  void StartThreads(std::vector<std::jthread>& threads, const RequestSource& source);

  void ReadAll(const RequestSource& source);
  bool Admit(StreamInput input);
  bool AdmitBroken(const SlotPointer& slot, RecordError error);
  bool Queue(const SlotPointer& slot, Role role);

  void Work();
  bool PreparesNext() const { return ready_.empty() && !raw_.empty(); }
  void FailNext();
  void FailWindows(const SlotPointer& slot);
  bool WaitForWork(Lock& lock);
  bool HasWork() const { return !ready_.empty() || !pending_.empty() || !raw_.empty(); }
  void PrepareSome(Lock& lock);
  std::vector<SlotPointer> TakeRaw();
  std::size_t TokensOf(const Item& item) const;
  void Prepare(Slot& slot) const;
  void TakePrepared(const std::vector<SlotPointer>& slots);
  void PlanPending();
  void EncodeOne(Lock& lock);
  Batch TakeBatch(std::size_t& threads);
  WindowErrors Encode(const Batch& batch, std::size_t threads) const;
  static void CountDown(Batch& batch, WindowErrors& errors);
  void Decode(Slot& slot) const;

  void WriteAll(const ResultSink& sink, const SinkIdle& idle);
  SlotPointer TakeDone(const SinkIdle& idle);
  void Stop(std::exception_ptr error);
  void Drain();

  const Model& model_;
  const QaOptions& options_;
  const PairTemplate& pair_;
  const std::size_t max_weight_;
  OutcomeCache cache_;  // the reader's

  std::mutex mutex_;  // guards everything below
  std::condition_variable admitted_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<SlotPointer> order_;
  std::deque<SlotPointer> raw_;
  std::deque<Item> pending_;
  std::deque<Batch> ready_;
  std::size_t weight_ = 0;        ///< of all slots in order_
  std::size_t threads_busy_ = 0;  ///< of options_.threads
  std::size_t preparing_ = 0;     ///< workers that will add to `pending_`
  bool end_of_input_ = false;
  bool stopping_ = false;
  bool draining_ = false;  ///< nothing new begins; what is in flight ends and is written
  std::exception_ptr error_;
  PipelineStats stats_;
};

}  // namespace bertqa
