#include "pipeline/stream.h"

#include <algorithm>
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

void Fail(Outcome& outcome, RecordError error) {
  outcome.value = std::move(error);
  outcome.failed = true;
}

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
      Fail(*slot->outcome, OutOfMemory());
      slot->outcome->done = true;
    }
    work_.notify_one();
  }
  if (slot->outcome->done) {
    done_.notify_one();
  }
  return true;
}

void StreamRun::Work() {
  Lock lock(mutex_);
  while (WaitForWork(lock)) {
    try {
      // Tokenizes before it encodes what would not fill a batch.
      PreparesNext() ? PrepareSome(lock) : EncodeOne(lock);
    } catch (const std::bad_alloc&) {
      FailNext();
    }
  }
  work_.notify_all();  // the others end as well
}

/// There was no memory to begin with what is next: the record whose turn it is fails, so that the
/// others go on. REQUIRES: the lock is held, and nothing was taken.
void StreamRun::FailNext() {
  SlotPointer slot;
  if (PreparesNext()) {
    slot = std::move(raw_.front());
    raw_.pop_front();
    Fail(*slot->outcome, OutOfMemory());
  } else {
    slot = pending_.front().slot;
    FailWindows(slot);
  }
  if (slot->windows_left == 0) {
    slot->outcome->done = true;
    done_.notify_one();
  }
}

/// Fails a slot and takes its windows out of `pending_`; others may be with other workers.
/// REQUIRES: the lock is held.
void StreamRun::FailWindows(const SlotPointer& slot) {
  if (!slot->outcome->failed) {
    Fail(*slot->outcome, OutOfMemory());
  }
  slot->windows_left -=
      std::erase_if(pending_, [&slot](const Item& item) { return item.slot == slot; });
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
/// Throws std::bad_alloc, having done nothing.
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
  std::size_t tokens = 0;
  for (const Item& item : pending_) {
    tokens += TokensOf(item);
  }
  std::size_t count = 0;
  while (count < raw_.size() && (count == 0 || tokens < options_.max_batch_tokens)) {
    tokens += GuessTokens(raw_[count++]->request);
  }
  std::vector<SlotPointer> slots;
  slots.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
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
    try {
      for (std::size_t i = 0; i < slot->windows_left; ++i) {
        pending_.push_back({slot, i});
      }
    } catch (const std::bad_alloc&) {
      FailWindows(slot);
      slot->windows_left = 0;
    }
    if (slot->windows_left == 0) {
      slot->outcome->done = true;
      done_.notify_one();
    }
  }
}

/// Plans the pending windows, so that every thread gets some. What would be a small batch waits for
/// more if there is more. REQUIRES: the lock is held, nothing is ready.
/// Throws std::bad_alloc, having done nothing.
void StreamRun::PlanPending() {
  const std::vector<Item> items(pending_.begin(), pending_.end());
  std::deque<Batch> planned;
  std::deque<Item> later;
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
    if (is_small && !raw_.empty() && !planned.empty()) {
      for (const std::size_t index : plan.window_indices) {
        later.push_back(items[index]);
      }
      continue;
    }
    Batch batch;
    batch.tokens = plan.tokens;
    for (const std::size_t index : plan.window_indices) {
      batch.items.push_back(items[index]);
    }
    planned.push_back(std::move(batch));
  }
  ready_.swap(planned);
  pending_.swap(later);
}

/// Takes a batch. A lone one may use all the threads that are free; with more work waiting, each
/// gets its share. REQUIRES: the lock is held, there is work. Throws std::bad_alloc, having done
/// nothing.
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
  for (const Item& item : batch.items) {
    CountWindow(stats_, TokensOf(item));
  }
  stats_.batches += 1;
  if (HasWork() && threads_busy_ < options_.threads) {
    work_.notify_one();
  }
  return batch;
}

/// Encodes a batch, and decodes the slots that it completes.
/// REQUIRES: the lock is held; it is let go meanwhile. Throws std::bad_alloc, having done nothing.
void StreamRun::EncodeOne(Lock& lock) {
  std::size_t threads = 0;
  Batch batch = TakeBatch(threads);
  lock.unlock();
  const Stopwatch encode;
  WindowErrors errors = Encode(batch, threads);
  const double encode_seconds = encode.seconds() * static_cast<double>(threads);
  lock.lock();
  threads_busy_ -= threads - 1;  // this one goes on
  work_.notify_one();
  CountDown(batch, errors);
  lock.unlock();
  const Stopwatch decode;
  for (const Item& complete : batch.items) {
    if (!complete.slot->outcome->failed) {
      Decode(*complete.slot);
    }
    complete.slot->example = {};  // its memory is not needed while it waits for its turn
  }
  const double decode_seconds = decode.seconds();
  lock.lock();
  stats_.encode_seconds += encode_seconds;
  stats_.decode_seconds += decode_seconds;
  threads_busy_ -= 1;
  work_.notify_one();
  for (const Item& complete : batch.items) {
    complete.slot->outcome->done = true;
  }
  done_.notify_one();
}

/// Nothing if there was no memory even for the list.
WindowErrors StreamRun::Encode(const Batch& batch, std::size_t threads) const {
  try {
    std::vector<WindowPlace> places;
    places.reserve(batch.items.size());
    for (const Item& item : batch.items) {
      places.push_back({item.slot->example, item.window_index});
    }
    return EncodeWindows(places, model_, threads);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

/// Counts the windows of a batch as encoded. What stays in it are the last windows of the slots
/// that are whole now. REQUIRES: the lock is held.
void StreamRun::CountDown(Batch& batch, WindowErrors& errors) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    Slot& slot = *batch.items[i].slot;
    const bool failed = errors.empty() || errors[i].has_value();
    if (failed && !slot.outcome->failed) {
      Fail(*slot.outcome, errors.empty() ? OutOfMemory() : std::move(*errors[i]));
    }
    slot.windows_left -= 1;
    if (slot.windows_left == 0) {
      std::swap(batch.items[kept++], batch.items[i]);
    }
  }
  batch.items.resize(kept);
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
