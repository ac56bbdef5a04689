#include "pipeline/stream.h"

#include <new>
#include <system_error>
#include <utility>

#include "base/stopwatch.h"
#include "bertqa/error.h"
#include "pipeline/record_weight.h"

namespace bertqa {
namespace {

/// Forward passes that may wait for the workers, a thread: enough that none of them idles.
constexpr std::size_t kBatchesAhead = 8;
/// Outcomes that are remembered, with their texts: of a few thousand paragraphs.
constexpr std::size_t kCacheBytes = std::size_t{4} << 20U;
/// What an outcome takes besides its texts, and what each of its answers takes.
constexpr std::size_t kOutcomeBytes = 512;
constexpr std::size_t kAnswerBytes = 128;

/// A copy: others may have the same outcome.
std::variant<QaResult, RecordError> CopyOf(const Outcome& outcome) {
  try {
    return outcome.value;
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

}  // namespace

StreamRun::StreamRun(const Model& model, const QaOptions& options)
    : model_(model),
      options_(options),
      pair_(model.tokenizer->pair_template()),
      max_weight_(kBatchesAhead * options.threads * options.max_batch_tokens),
      cache_(kCacheBytes, kOutcomeBytes + options.top_k * kAnswerBytes) {}

PipelineStats StreamRun::Run(const RequestSource& source, const ResultSink& sink,
                             const SinkIdle& idle, const std::stop_token& stop) {
  const std::stop_callback drain(stop, [this] { Drain(); });
  std::vector<std::jthread> threads;
  try {
    StartThreads(threads, source);
    WriteAll(sink, idle);
  } catch (...) {
    Stop(std::current_exception());
  }
  threads.clear();  // joins
  if (error_) {
    std::rethrow_exception(error_);
  }
  return stats_;
}

void StreamRun::StartThreads(std::vector<std::jthread>& threads, const RequestSource& source) {
  threads.reserve(options_.threads + 1);
  try {
    for (std::size_t i = 0; i < options_.threads; ++i) {
      threads.emplace_back([this] { Work(); });
    }
    threads.emplace_back([this, &source] { ReadAll(source); });
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::kInternal,
                std::string("pipeline: cannot start a thread: ") + error.what());
  }
}

void StreamRun::ReadAll(const RequestSource& source) {
  double seconds = 0;
  try {
    while (true) {
      const Stopwatch watch;
      std::optional<StreamInput> input = source();
      seconds += watch.seconds();
      if (!input || !Admit(std::move(*input))) {
        break;
      }
    }
  } catch (...) {
    // What was read before is still answered; the error is thrown at the end.
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  stats_.read_seconds = seconds;
  end_of_input_ = true;
  work_.notify_all();
  done_.notify_all();
}

/// Makes a slot of an input. False if the run is stopping.
bool StreamRun::Admit(StreamInput input) {
  auto slot = std::make_shared<Slot>();
  slot->request = std::move(input.request);
  slot->weight = WeighText(slot->request);
  if (input.error) {
    return AdmitBroken(slot, std::move(*input.error));
  }
  OutcomeCache::Lookup lookup;
  try {
    lookup = cache_.FindOrAdd(slot->request);
  } catch (const std::bad_alloc&) {
    return AdmitBroken(slot, OutOfMemory());
  }
  slot->outcome = std::move(lookup.outcome);
  if (!lookup.is_new) {
    return Queue(slot, Role::kDuplicate);
  }
  slot->weight += GuessTokens(slot->request);
  return Queue(slot, Role::kNew);
}

bool StreamRun::AdmitBroken(const SlotPointer& slot, RecordError error) {
  slot->outcome = std::make_shared<Outcome>();
  slot->outcome->value = std::move(error);
  slot->outcome->done = true;
  return Queue(slot, Role::kBroken);
}

/// Queues a slot once there is room. False if the run is stopping.
bool StreamRun::Queue(const SlotPointer& slot, Role role) {
  Lock lock(mutex_);
  admitted_.wait(lock, [&] {
    return stopping_ || draining_ || order_.empty() || weight_ + slot->weight <= max_weight_;
  });
  if (stopping_ || draining_) {
    return false;
  }
  order_.push_back(slot);
  weight_ += slot->weight;
  stats_.records += 1;
  stats_.duplicates += role == Role::kDuplicate ? 1 : 0;
  if (role == Role::kNew) {
    try {
      raw_.push_back(slot);
    } catch (const std::bad_alloc&) {
      slot->outcome->Fail(OutOfMemory());
      slot->outcome->done = true;
    }
    work_.notify_one();
  }
  if (slot->outcome->done) {
    done_.notify_one();
  }
  return true;
}

void StreamRun::WriteAll(const ResultSink& sink, const SinkIdle& idle) {
  try {
    double seconds = 0;
    while (const SlotPointer slot = TakeDone(idle)) {
      const Stopwatch watch;
      const bool go_on = sink({std::move(slot->request), CopyOf(*slot->outcome)});
      seconds += watch.seconds();
      if (!go_on) {
        Stop(nullptr);
        return;
      }
    }
    const std::lock_guard lock(mutex_);
    stats_.write_seconds = seconds;
  } catch (...) {
    Stop(std::current_exception());
  }
}

/// The next slot in order, or nothing at the end.
StreamRun::SlotPointer StreamRun::TakeDone(const SinkIdle& idle) {
  const auto front_is_done = [&] { return !order_.empty() && order_.front()->outcome->done; };
  Lock lock(mutex_);
  if (!front_is_done() && idle) {
    lock.unlock();
    idle();
    lock.lock();
  }
  done_.wait(lock, [&] {
    return front_is_done() || (end_of_input_ && order_.empty()) ||
           (draining_ && threads_busy_ == 0);
  });
  if (!front_is_done()) {
    return nullptr;
  }
  SlotPointer slot = std::move(order_.front());
  order_.pop_front();
  weight_ -= slot->weight;
  admitted_.notify_one();
  return slot;
}

void StreamRun::Stop(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  if (error) {
    error_ = std::move(error);
  }
  admitted_.notify_all();
  work_.notify_all();
}

void StreamRun::Drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  admitted_.notify_all();
  work_.notify_all();
  done_.notify_all();
}

}  // namespace bertqa
