#include "serve/batcher.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "base/stopwatch.h"
#include "bertqa/error.h"
#include "pipeline/encode.h"
#include "pipeline/example.h"

namespace bertqa {

/// What is computed of it is touched by one thread at a time: first the one that tokenizes, then
/// those of its passes, each its own windows, then the one that decodes.
struct Batcher::Job {
  std::shared_ptr<const Model> model;
  QaRequest request;
  QaOptions options;
  std::function<void()> task;  ///< if set, all that there is to do
  Example example;
  AnswerTimes times;
  Stopwatch since_submitted;
  Stopwatch since_opened;
  std::atomic<bool> abandoned = false;

  // Guarded by the Batcher's mutex.
  std::size_t next_window = 0;   ///< the first that is in no pass yet
  std::size_t tokens_left = 0;   ///< of the windows from there on
  std::size_t windows_left = 0;  ///< not encoded yet
  std::optional<RecordError> error;

  // The ticket's.
  std::mutex mutex;  ///< guards `outcome`
  std::condition_variable answered;
  std::optional<Outcome> outcome;

  std::size_t WindowTokens(std::size_t index) const {
    return example.WindowTokens(index, model->tokenizer->pair_template());
  }
};

/// Windows that share a forward pass, all of one model.
struct Batcher::Batch {
  struct Item {
    JobPointer job;
    std::size_t window_index = 0;
  };
  std::vector<Item> items;
  std::size_t tokens = 0;
  std::size_t threads = 1;
};

Batcher::Ticket& Batcher::Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    Abandon();
    job_ = std::move(other.job_);
  }
  return *this;
}

void Batcher::Ticket::Abandon() {
  if (job_) {
    job_->abandoned = true;
  }
}

bool Batcher::Ticket::WaitUntil(Clock::time_point until) const {
  std::unique_lock lock(job_->mutex);
  return job_->answered.wait_until(lock, until, [&] { return job_->outcome.has_value(); });
}

Batcher::Outcome Batcher::Ticket::Take() {
  std::unique_lock lock(job_->mutex);
  job_->answered.wait(lock, [&] { return job_->outcome.has_value(); });
  return std::move(*job_->outcome);
}

const AnswerTimes& Batcher::Ticket::times() const {
  return job_->times;
}

QaRequest Batcher::Ticket::TakeRequest() {
  return std::move(job_->request);
}

Batcher::Batcher(BatcherOptions options) : options_(std::move(options)) {
  try {
    for (std::size_t i = 0; i < options_.threads; ++i) {
      threads_.emplace_back([this] { Work(); });
    }
  } catch (const std::system_error& error) {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    work_.notify_all();
    throw Error(ErrorCode::kInternal,
                std::string("batcher: cannot start a thread: ") + error.what());
  }
}

Batcher::~Batcher() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_.notify_all();
}

std::optional<Batcher::Ticket> Batcher::Submit(std::shared_ptr<const Model> model,
                                               QaRequest request, const QaOptions& options) {
  auto job = std::make_shared<Job>();
  job->model = std::move(model);
  job->request = std::move(request);
  job->options = options;
  return Queue(std::move(job));
}

std::optional<Batcher::Ticket> Batcher::SubmitTask(std::function<void()> task) {
  auto job = std::make_shared<Job>();
  job->task = std::move(task);
  return Queue(std::move(job));
}

std::optional<Batcher::Ticket> Batcher::Queue(std::shared_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    if (queued_ >= options_.max_queue) {
      return std::nullopt;
    }
    raw_.push_back(job);
    queued_ += 1;
  }
  work_.notify_one();
  return Ticket(std::move(job));
}

std::size_t Batcher::queue_length() const {
  const std::lock_guard lock(mutex_);
  return queued_;
}

void Batcher::Work() {
  Lock lock(mutex_);
  while (WaitForWork(lock)) {
    // A new question is tokenized first, which is quick, so that its turn comes soon.
    if (!raw_.empty()) {
      PrepareOne(lock);
    } else {
      EncodeOne(lock);
    }
  }
}

/// True if there is work and a thread to do it on; false at the end.
bool Batcher::WaitForWork(Lock& lock) {
  while (true) {
    const bool has_thread = threads_busy_ < options_.threads;
    if (raw_.empty() && open_.empty() && closing_) {
      return false;
    }
    if (has_thread && (!raw_.empty() || IsBatchDue())) {
      return true;
    }
    if (has_thread && !open_.empty()) {
      work_.wait_until(lock, due_);
    } else {
      work_.wait(lock);
    }
  }
}

bool Batcher::IsBatchDue() const {
  return !open_.empty() &&
         (closing_ || open_tokens_ >= options_.max_batch_tokens || Clock::now() >= due_);
}

/// Tokenizes the first question of `raw_`. REQUIRES: the lock is held; it is let go meanwhile.
void Batcher::PrepareOne(Lock& lock) {
  const JobPointer job = std::move(raw_.front());
  raw_.pop_front();
  if (job->abandoned) {
    queued_ -= 1;
    return;
  }
  threads_busy_ += 1;
  work_.notify_one();  // there may be more
  lock.unlock();
  job->times.queue = job->since_submitted.seconds();
  const Stopwatch watch;
  std::optional<RecordError> error = Prepare(*job);
  job->times.tokenize = watch.seconds();
  job->since_opened = Stopwatch();
  const bool is_complete = error || job->example.windows.empty();
  if (is_complete) {
    Answer(*job, std::move(error));
  }
  lock.lock();
  threads_busy_ -= 1;
  if (is_complete) {
    queued_ -= 1;
    return;
  }
  Open(job);
}

/// Tokenizes a question and cuts its texts into windows; or does a task.
std::optional<RecordError> Batcher::Prepare(Job& job) {
  try {
    if (job.task) {
      job.task();
      return std::nullopt;
    }
    auto prepared = PrepareExample(job.request, *job.model->tokenizer, job.options);
    if (auto* error = std::get_if<RecordError>(&prepared)) {
      return std::move(*error);
    }
    job.example = std::get<Example>(std::move(prepared));
    return std::nullopt;
  } catch (const std::exception& error) {
    return InternalError(error);
  }
}

/// REQUIRES: the lock is held.
void Batcher::Open(const JobPointer& job) {
  job->windows_left = job->example.windows.size();
  for (std::size_t i = 0; i < job->windows_left; ++i) {
    job->tokens_left += job->WindowTokens(i);
  }
  if (open_.empty()) {
    due_ = Clock::now() + options_.max_wait;
  }
  open_tokens_ += job->tokens_left;
  open_.push_back(job);
}

/// Fills a pass: a window of each question in turn, from the one whose turn it is, until the next
/// does not fit. Questions to other models keep their turn. May be empty: all were abandoned.
/// REQUIRES: the lock is held.
Batcher::Batch Batcher::TakeBatch() {
  const std::size_t free = options_.threads - threads_busy_;
  // So that every free thread gets some.
  const std::size_t limit = std::min(options_.max_batch_tokens, (open_tokens_ + free - 1) / free);
  Batch batch;
  for (std::size_t place = 0; place < open_.size();) {
    const JobPointer job = open_[place];
    if (!job->abandoned && !batch.items.empty() && batch.items.front().job->model != job->model) {
      ++place;
      continue;
    }
    const std::size_t tokens = job->WindowTokens(job->next_window);
    if (!job->abandoned && !batch.items.empty() && batch.tokens + tokens > limit) {
      break;
    }
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(place));
    if (job->abandoned) {
      Drop(*job);
      continue;
    }
    batch.items.push_back({job, job->next_window});
    batch.tokens += tokens;
    open_tokens_ -= tokens;
    job->tokens_left -= tokens;
    job->next_window += 1;
    if (job->next_window < job->example.windows.size()) {
      open_.push_back(job);
    }
  }
  due_ = {};  // what is left has waited
  const std::size_t others = (open_tokens_ + limit - 1) / std::max<std::size_t>(limit, 1);
  batch.threads = std::max<std::size_t>(1, free / (others + 1));
  return batch;
}

/// What of an abandoned question is in no pass is not computed. REQUIRES: the lock is held.
void Batcher::Drop(Job& job) {
  open_tokens_ -= job.tokens_left;
  job.windows_left -= job.example.windows.size() - job.next_window;
  queued_ -= job.windows_left == 0 ? 1 : 0;  // else once its last pass ends
}

/// Makes a pass, and answers the questions that it completes.
/// REQUIRES: the lock is held; it is let go meanwhile.
void Batcher::EncodeOne(Lock& lock) {
  const Batch batch = TakeBatch();
  if (batch.items.empty()) {
    return;
  }
  threads_busy_ += batch.threads;
  work_.notify_one();  // there may be more
  lock.unlock();
  std::vector<WindowPlace> places;
  places.reserve(batch.items.size());
  for (const Batch::Item& item : batch.items) {
    places.push_back({item.job->example, item.window_index});
  }
  const Stopwatch watch;
  const WindowErrors errors = EncodeWindows(places, *batch.items.front().job->model, batch.threads);
  if (options_.on_batch) {
    options_.on_batch({batch.items.size(), batch.tokens, watch.seconds()});
  }
  lock.lock();
  threads_busy_ -= batch.threads - 1;  // this one goes on
  const std::vector<JobPointer> complete = CountDown(batch, errors);
  work_.notify_all();
  lock.unlock();
  for (const JobPointer& job : complete) {
    job->times.encode = job->since_opened.seconds();
    Answer(*job, std::move(job->error));
  }
  lock.lock();
  threads_busy_ -= 1;
  queued_ -= complete.size();
}

/// Counts the windows of a pass as encoded; the questions that now are whole.
/// REQUIRES: the lock is held.
std::vector<Batcher::JobPointer> Batcher::CountDown(
    const Batch& batch, const std::vector<std::optional<RecordError>>& errors) {
  std::vector<JobPointer> complete;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    const JobPointer& job = batch.items[i].job;
    if (errors[i] && !job->error) {
      job->error = errors[i];
    }
    job->windows_left -= 1;
    if (job->windows_left == 0) {
      complete.push_back(job);
    }
  }
  return complete;
}

/// Decodes a question that is encoded, unless it failed or nobody waits, and tells who waits.
void Batcher::Answer(Job& job, std::optional<RecordError> error) {
  Outcome outcome;
  if (error) {
    outcome = std::move(*error);
  } else if (!job.abandoned && !job.task) {
    const Stopwatch watch;
    try {
      outcome = DecodeExample(job.example, job.request, job.model->tokenizer->pair_template(),
                              job.options);
    } catch (const std::exception& failure) {
      outcome = InternalError(failure);
    }
    job.times.decode = watch.seconds();
  }
  job.example = {};
  {
    const std::lock_guard lock(job.mutex);
    job.outcome = std::move(outcome);
  }
  job.answered.notify_all();
}

}  // namespace bertqa
