#include "pipeline/stream.h"

#include <algorithm>
#include <system_error>
#include <thread>
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

void Fail(Outcome& outcome, RecordError error) {
  outcome.value = std::move(error);
  outcome.failed = true;
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
    for (std::size_t i = 0; i < options_.threads; ++i) {
      threads.emplace_back([this] { Work(); });
    }
    threads.emplace_back([&] { ReadAll(source); });
    WriteAll(sink, idle);
  } catch (const std::system_error& error) {
    Stop(std::make_exception_ptr(Error(
        ErrorCode::kInternal, std::string("pipeline: cannot start a thread: ") + error.what())));
  }
  threads.clear();  // joins
  if (error_) {
    std::rethrow_exception(error_);
  }
  return stats_;
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
    slot->outcome = std::make_shared<Outcome>();
    slot->outcome->value = std::move(*input.error);
    slot->outcome->done = true;
    return Queue(slot, Role::kBroken);
  }
  OutcomeCache::Lookup lookup = cache_.FindOrAdd(slot->request);
  slot->outcome = std::move(lookup.outcome);
  if (!lookup.is_new) {
    return Queue(slot, Role::kDuplicate);
  }
  slot->weight += GuessTokens(slot->request);
  return Queue(slot, Role::kNew);
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
  weight_ += slot->weight;
  stats_.records += 1;
  order_.push_back(slot);
  stats_.duplicates += role == Role::kDuplicate ? 1 : 0;
  if (role == Role::kNew) {
    raw_.push_back(slot);
    work_.notify_one();
  } else if (slot->outcome->done) {
    done_.notify_one();
  }
  return true;
}

void StreamRun::Work() {
  Lock lock(mutex_);
  while (WaitForWork(lock)) {
    // Tokenizes before it encodes what would not fill a batch.
    if (ready_.empty() && !raw_.empty()) {
      PrepareSome(lock);
    } else {
      EncodeOne(lock);
    }
  }
  work_.notify_all();  // the others end as well
}

/// True if there is work and a thread to do it on; false at the end.
bool StreamRun::WaitForWork(Lock& lock) {
  const auto is_over = [&] {
    return stopping_ || draining_ || (end_of_input_ && !HasWork() && preparing_ == 0);
  };
  work_.wait(lock, [&] { return is_over() || (HasWork() && threads_busy_ < options_.threads); });
  return !is_over();
}

/// Tokenizes a batch's worth of slots. REQUIRES: the lock is held; it is let go meanwhile.
void StreamRun::PrepareSome(Lock& lock) {
  const std::vector<SlotPointer> slots = TakeRaw();
  threads_busy_ += 1;
  preparing_ += 1;
  if (HasWork()) {
    work_.notify_one();
  }
  lock.unlock();
  const Stopwatch watch;
  for (const SlotPointer& slot : slots) {
    Prepare(*slot);
  }
  const double seconds = watch.seconds();
  lock.lock();
  threads_busy_ -= 1;
  preparing_ -= 1;
  stats_.tokenize_seconds += seconds;
  TakePrepared(slots);
  work_.notify_one();
  done_.notify_one();  // may wait for the last of what is in flight
}

std::vector<StreamRun::SlotPointer> StreamRun::TakeRaw() {
  std::vector<SlotPointer> slots;
  std::size_t tokens = 0;
  for (const Item& item : pending_) {
    tokens += TokensOf(item);
  }
  while (!raw_.empty() && (slots.empty() || tokens < options_.max_batch_tokens)) {
    tokens += GuessTokens(raw_.front()->request);
    slots.push_back(std::move(raw_.front()));
    raw_.pop_front();
  }
  return slots;
}

std::size_t StreamRun::TokensOf(const Item& item) const {
  return item.slot->example.WindowTokens(item.window_index, pair_);
}

/// Tokenizes a slot and cuts it into windows. A slot without windows has its outcome afterwards.
void StreamRun::Prepare(Slot& slot) const {
  try {
    auto prepared = PrepareExample(slot.request, *model_.tokenizer, options_);
    if (auto* error = std::get_if<RecordError>(&prepared)) {
      slot.outcome->value = std::move(*error);
      return;
    }
    slot.example = std::get<Example>(std::move(prepared));
    slot.windows_left = slot.example.windows.size();
    if (slot.windows_left == 0) {
      Decode(slot);
    }
  } catch (const std::exception& error) {
    Fail(*slot.outcome, InternalError(error));
  }
}

/// REQUIRES: the lock is held.
void StreamRun::TakePrepared(const std::vector<SlotPointer>& slots) {
  for (const SlotPointer& slot : slots) {
    const std::size_t weight = Weigh(slot->request, slot->example);
    weight_ += weight - slot->weight;  // of unsigned numbers: right also where it falls
    slot->weight = weight;
    if (slot->windows_left == 0) {
      slot->outcome->done = true;
      done_.notify_one();
    }
    for (std::size_t i = 0; i < slot->windows_left; ++i) {
      pending_.push_back({slot, i});
    }
  }
}

/// Plans the pending windows, so that every thread gets some. What would be a small batch waits for
/// more if there is more. REQUIRES: the lock is held.
void StreamRun::PlanPending() {
  const std::vector<Item> items(pending_.begin(), pending_.end());
  pending_.clear();
  std::vector<std::size_t> lengths;
  std::size_t total = 0;
  for (const Item& item : items) {
    lengths.push_back(TokensOf(item));
    total += lengths.back();
  }
  const std::size_t share = (total + options_.threads - 1) / options_.threads;
  const std::size_t limit =
      raw_.empty() ? std::min(options_.max_batch_tokens, share) : options_.max_batch_tokens;
  for (const BatchPlan& plan : PlanBatches(lengths, limit)) {
    const bool is_small = plan.tokens < options_.max_batch_tokens / 2;
    if (is_small && !raw_.empty() && !ready_.empty()) {
      for (const std::size_t index : plan.window_indices) {
        pending_.push_back(items[index]);
      }
      continue;
    }
    Batch batch;
    batch.tokens = plan.tokens;
    for (const std::size_t index : plan.window_indices) {
      batch.items.push_back(items[index]);
    }
    ready_.push_back(std::move(batch));
  }
}

/// Takes a batch. A lone one may use all the threads that are free; with more work waiting, each
/// gets its share. REQUIRES: the lock is held, there is work.
StreamRun::Batch StreamRun::TakeBatch(std::size_t& threads) {
  if (ready_.empty()) {
    PlanPending();
  }
  Batch batch = std::move(ready_.front());
  ready_.pop_front();
  const std::size_t free = options_.threads - threads_busy_;
  const std::size_t others = ready_.size() + (raw_.empty() && pending_.empty() ? 0 : 1);
  threads = std::max<std::size_t>(1, free / (others + 1));
  threads_busy_ += threads;
  std::vector<std::size_t> lengths;
  lengths.reserve(batch.items.size());
  for (const Item& item : batch.items) {
    lengths.push_back(TokensOf(item));
  }
  CountBatch(stats_, lengths);
  if (HasWork() && threads_busy_ < options_.threads) {
    work_.notify_one();
  }
  return batch;
}

/// Encodes a batch, and decodes the slots that it completes.
/// REQUIRES: the lock is held; it is let go meanwhile.
void StreamRun::EncodeOne(Lock& lock) {
  std::size_t threads = 0;
  const Batch batch = TakeBatch(threads);
  lock.unlock();
  std::vector<WindowPlace> places;
  places.reserve(batch.items.size());
  for (const Item& item : batch.items) {
    places.push_back({item.slot->example, item.window_index});
  }
  const Stopwatch encode;
  const WindowErrors errors = EncodeWindows(places, model_, threads);
  const double encode_seconds = encode.seconds() * static_cast<double>(threads);
  lock.lock();
  threads_busy_ -= threads - 1;  // this one goes on
  work_.notify_one();
  const std::vector<SlotPointer> complete = CountDown(batch, errors);
  lock.unlock();
  const Stopwatch decode;
  for (const SlotPointer& slot : complete) {
    if (!slot->outcome->failed) {
      Decode(*slot);
    }
    slot->example = {};  // its memory is not needed while it waits for its turn
  }
  const double decode_seconds = decode.seconds();
  lock.lock();
  stats_.encode_seconds += encode_seconds;
  stats_.decode_seconds += decode_seconds;
  threads_busy_ -= 1;
  work_.notify_one();
  for (const SlotPointer& slot : complete) {
    slot->outcome->done = true;
  }
  done_.notify_one();
}

/// Counts the windows of a batch as encoded; the slots that now are whole.
/// REQUIRES: the lock is held.
std::vector<StreamRun::SlotPointer> StreamRun::CountDown(const Batch& batch,
                                                         const WindowErrors& errors) {
  std::vector<SlotPointer> complete;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    const SlotPointer& slot = batch.items[i].slot;
    if (errors[i] && !slot->outcome->failed) {
      Fail(*slot->outcome, *errors[i]);
    }
    slot->windows_left -= 1;
    if (slot->windows_left == 0) {
      complete.push_back(slot);
    }
  }
  return complete;
}

void StreamRun::Decode(Slot& slot) const {
  try {
    slot.outcome->value = DecodeExample(slot.example, slot.request, pair_, options_);
  } catch (const std::exception& error) {
    Fail(*slot.outcome, InternalError(error));
  }
}

void StreamRun::WriteAll(const ResultSink& sink, const SinkIdle& idle) {
  try {
    double seconds = 0;
    while (const SlotPointer slot = TakeDone(idle)) {
      const Stopwatch watch;
      // A copy: others may have the same outcome.
      const bool go_on = sink({std::move(slot->request), slot->outcome->value});
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
