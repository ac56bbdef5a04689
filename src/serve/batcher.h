#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "bertqa/model.h"
#include "bertqa/pipeline.h"
#include "bertqa/qa.h"

namespace bertqa {

/// A forward pass that was made.
struct BatchReport {
  std::size_t windows = 0;
  std::size_t tokens = 0;  ///< special tokens counted
  double seconds = 0;
};

struct BatcherOptions {
  std::size_t threads = 1;             ///< never more compute at once
  std::size_t max_batch_tokens = 768;  ///< of one forward pass, but for a window that is longer
  /// How long a window waits for company while a thread is free. 0: what comes while the threads
  /// are busy shares a pass, and nothing waits.
  std::chrono::microseconds max_wait{0};
  std::size_t max_queue = 256;  ///< questions that wait or are being answered
  /// Told of each pass, by the thread that made it; must be safe from several threads at once.
  std::function<void(const BatchReport&)> on_batch = {};
};

/// Where a question's time went, in seconds: waiting for a thread, being tokenized, in passes and
/// between them, being decoded.
struct AnswerTimes {
  double queue = 0;
  double tokenize = 0;
  double encode = 0;
  double decode = 0;
};

/// Answers questions that come from many threads: the windows of those that are waiting share
/// packed forward passes. Every question gets a window into a pass in turn, so that one about a
/// long text does not hold up the others. The answers are, to the bit, QaPipeline's.
/// Thread-safety: all functions may be called from several threads at once.
class Batcher {
  struct Job;

 public:
  using Clock = std::chrono::steady_clock;
  using Outcome = std::variant<QaResult, RecordError>;

  /// A question that was submitted. Destroying it abandons the question: what of it has not begun
  /// is not computed. May outlive the Batcher.
  class Ticket {
   public:
    Ticket(Ticket&&) noexcept = default;
    Ticket& operator=(Ticket&& other) noexcept;
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { Abandon(); }

    /// True once the outcome is there; false at `until`.
    bool WaitUntil(Clock::time_point until) const;
    /// Waits, then gives the outcome. Call once.
    Outcome Take();
    /// REQUIRES: the outcome is there.
    const AnswerTimes& times() const;
    /// What was submitted. REQUIRES: the outcome is there.
    QaRequest TakeRequest();

   private:
    friend class Batcher;
    explicit Ticket(std::shared_ptr<Job> job) : job_(std::move(job)) {}
    void Abandon();

    std::shared_ptr<Job> job_;
  };

  /// Starts the threads. Throws Error{kInternal} if that fails.
  explicit Batcher(BatcherOptions options);
  /// Answers what was submitted, then ends.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  /// Queues a question; nothing if the queue is full. `options.threads` and
  /// `options.max_batch_tokens` do not count here. REQUIRES: `options` are valid for `model`.
  std::optional<Ticket> Submit(std::shared_ptr<const Model> model, QaRequest request,
                               const QaOptions& options);

  /// Queues other work for one of the threads; nothing if the queue is full. The outcome is an
  /// empty result, or what the work threw.
  std::optional<Ticket> SubmitTask(std::function<void()> task);

  /// Questions that wait or are being answered.
  std::size_t queue_length() const;

 private:
  using JobPointer = std::shared_ptr<Job>;  ///< shared by the queues, a pass and the ticket
  using Lock = std::unique_lock<std::mutex>;
  struct Batch;

  std::optional<Ticket> Queue(std::shared_ptr<Job> job);
  void Work();
  bool WaitForWork(Lock& lock);
  bool IsBatchDue() const;
  void PrepareOne(Lock& lock);
  static std::optional<RecordError> Prepare(Job& job);
  void Open(const JobPointer& job);
  Batch TakeBatch();
  void Drop(Job& job);
  void EncodeOne(Lock& lock);
  static std::vector<JobPointer> CountDown(const Batch& batch,
                                           const std::vector<std::optional<RecordError>>& errors);
  static void Answer(Job& job, std::optional<RecordError> error);

  const BatcherOptions options_;
  mutable std::mutex mutex_;  // guards everything below, and what Job says
  std::condition_variable work_;
  std::deque<JobPointer> raw_;   ///< to be tokenized, the earliest first
  std::deque<JobPointer> open_;  ///< with windows that are in no pass yet; whose turn it is first
  std::size_t open_tokens_ = 0;  ///< of these windows
  Clock::time_point due_;        ///< when the windows in `open_` have waited enough
  std::size_t queued_ = 0;
  std::size_t threads_busy_ = 0;
  bool closing_ = false;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace bertqa
