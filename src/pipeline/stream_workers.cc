// What the workers of a stream do: tokenize, plan, encode, decode.

#include <algorithm>
#include <new>
#include <utility>

#include "base/stopwatch.h"
#include "pipeline/record_weight.h"
#include "pipeline/stream.h"

namespace bertqa {

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
    slot->outcome->Fail(OutOfMemory());
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
    slot->outcome->Fail(OutOfMemory());
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
    slot.outcome->Fail(InternalError(error));
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
      slot.outcome->Fail(errors.empty() ? OutOfMemory() : std::move(*errors[i]));
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
    slot.outcome->Fail(InternalError(error));
  }
}

}  // namespace bertqa
