#include "pipeline/stream.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "base/stopwatch.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

/// Forward passes that may wait for the encoders, a thread: enough that none of them idles.
constexpr std::size_t kBatchesAhead = 8;
/// What a record costs besides its tokens, in tokens; and how many bytes of text count as one.
constexpr std::size_t kRecordWeight = 32;
constexpr std::size_t kBytesPerToken = 16;

void CopyLogits(const SpanLogits& logits, std::size_t begin, std::size_t end,
                ExampleWindow& window) {
  const auto first = static_cast<std::ptrdiff_t>(begin);
  const auto last = static_cast<std::ptrdiff_t>(end);
  window.start.assign(logits.start.begin() + first, logits.start.begin() + last);
  window.end.assign(logits.end.begin() + first, logits.end.begin() + last);
}

/// What a record holds in memory, in tokens.
std::size_t Weigh(const QaRequest& request, const Example& example) {
  std::size_t weight = kRecordWeight + example.question.size();
  for (const Encoding& document : example.documents) {
    weight += document.size();
  }
  for (const std::string& document : request.documents) {
    weight += document.size() / kBytesPerToken;
  }
  return weight;
}

RecordError InternalError(const std::exception& error) {
  return {RecordErrorCode::kInternal, error.what()};
}

}  // namespace

StreamRun::StreamRun(const Model& model, const QaOptions& options)
    : model_(model),
      options_(options),
      pair_(model.tokenizer->pair_template()),
      max_weight_(kBatchesAhead * options.threads * options.max_batch_tokens) {}

PipelineStats StreamRun::Run(const RequestSource& source, const ResultSink& sink,
                             const SinkIdle& idle) {
  std::vector<std::jthread> threads;
  try {
    for (std::size_t i = 0; i < options_.threads; ++i) {
      threads.emplace_back([this] { EncodeAll(); });
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
  try {
    while (true) {
      const Stopwatch watch;
      std::optional<StreamInput> input = source();
      const double seconds = watch.seconds();
      {
        const std::lock_guard lock(mutex_);
        stats_.read_seconds += seconds;
      }
      if (!input || !Admit(Prepare(std::move(*input)))) {
        break;
      }
    }
  } catch (...) {
    // What was read before is still answered; the error is thrown at the end.
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  end_of_input_ = true;
  work_.notify_all();
  done_.notify_all();
}

std::shared_ptr<StreamRun::Slot> StreamRun::Prepare(StreamInput input) {
  const Stopwatch watch;
  auto slot = std::make_shared<Slot>();
  slot->request = std::move(input.request);
  if (input.error) {
    slot->outcome = std::move(*input.error);
    slot->done = true;
  } else {
    try {
      auto prepared = PrepareExample(slot->request, *model_.tokenizer, options_);
      if (auto* error = std::get_if<RecordError>(&prepared)) {
        slot->outcome = std::move(*error);
        slot->done = true;
      } else {
        slot->example = std::get<Example>(std::move(prepared));
      }
    } catch (const std::exception& error) {
      slot->outcome = InternalError(error);
      slot->done = true;
    }
  }
  slot->windows_left = slot->example.windows.size();
  slot->weight = Weigh(slot->request, slot->example);
  const double seconds = watch.seconds();
  const std::lock_guard lock(mutex_);
  stats_.tokenize_seconds += seconds;
  return slot;
}

bool StreamRun::Admit(std::shared_ptr<Slot> slot) {
  if (!slot->done && slot->windows_left == 0) {
    Decode(slot);  // nothing to encode
    slot->done = true;
  }
  std::unique_lock lock(mutex_);
  admitted_.wait(
      lock, [&] { return stopping_ || order_.empty() || weight_ + slot->weight <= max_weight_; });
  if (stopping_) {
    return false;
  }
  weight_ += slot->weight;
  stats_.records += 1;
  order_.push_back(slot);
  if (slot->done) {
    done_.notify_one();
  } else {
    pending_.push_back(std::move(slot));
    work_.notify_one();
  }
  return true;
}

void StreamRun::EncodeAll() {
  Batch batch;
  std::size_t threads = 0;
  while (TakeBatch(batch, threads)) {
    const Stopwatch watch;
    const std::vector<std::optional<RecordError>> errors = EncodeItems(batch, threads);
    const double seconds = watch.seconds();
    {
      const std::lock_guard lock(mutex_);
      threads_busy_ -= threads;
      stats_.encode_seconds += seconds * static_cast<double>(threads);
      work_.notify_one();
    }
    Finish(batch, errors);
  }
}

/// Waits for a batch. A lone batch may use all the threads that are free; with others waiting, each
/// gets its share.
bool StreamRun::TakeBatch(Batch& batch, std::size_t& threads) {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [&] {
    const bool has_work = !ready_.empty() || !pending_.empty();
    return stopping_ || (has_work && threads_busy_ < options_.threads) ||
           (!has_work && end_of_input_);
  });
  if (stopping_ || (ready_.empty() && pending_.empty())) {
    work_.notify_all();
    return false;
  }
  if (ready_.empty()) {
    PlanPending();
  }
  batch = std::move(ready_.front());
  ready_.pop_front();
  const std::size_t free = options_.threads - threads_busy_;
  threads = std::max<std::size_t>(1, free / (ready_.size() + 1));
  threads_busy_ += threads;
  stats_.batches += 1;
  stats_.windows += batch.items.size();
  stats_.tokens += batch.tokens;
  if (!ready_.empty() && threads_busy_ < options_.threads) {
    work_.notify_one();
  }
  return true;
}

/// Plans all pending windows, so that every thread gets some. REQUIRES: the lock is held.
void StreamRun::PlanPending() {
  std::vector<Batch::Item> items;
  std::vector<std::size_t> lengths;
  std::size_t total = 0;
  for (const std::shared_ptr<Slot>& slot : pending_) {
    for (std::size_t i = 0; i < slot->example.windows.size(); ++i) {
      items.push_back({slot, i});
      lengths.push_back(slot->example.WindowTokens(i, pair_));
      total += lengths.back();
    }
  }
  pending_.clear();
  const std::size_t share = (total + options_.threads - 1) / options_.threads;
  const std::size_t limit = std::min(options_.max_batch_tokens, share);
  for (const BatchPlan& plan : PlanBatches(lengths, limit)) {
    Batch batch;
    batch.tokens = plan.tokens;
    for (const std::size_t index : plan.window_indices) {
      batch.items.push_back(items[index]);
    }
    ready_.push_back(std::move(batch));
  }
}

/// Encodes a batch; what went wrong with each of its items. If the whole fails, its windows are
/// tried one by one, so that a record fails for its own sake only and not for its neighbours'.
std::vector<std::optional<RecordError>> StreamRun::EncodeItems(const Batch& batch,
                                                               std::size_t threads) const {
  std::vector<std::optional<RecordError>> errors(batch.items.size());
  try {
    Encode(batch.items, threads);
    return errors;
  } catch (const std::exception& error) {
    errors.front() = InternalError(error);
  }
  for (std::size_t i = 0; batch.items.size() > 1 && i < batch.items.size(); ++i) {
    try {
      Encode(std::span(batch.items).subspan(i, 1), threads);
      errors[i].reset();
    } catch (const std::exception& error) {
      errors[i] = InternalError(error);
    }
  }
  return errors;
}

void StreamRun::Encode(std::span<const Batch::Item> items, std::size_t threads) const {
  PackedBatch packed;
  for (const Batch::Item& item : items) {
    AppendExampleWindow(packed, item.slot->example, item.window_index, pair_);
  }
  const SpanLogits logits = model_.qa->Forward(packed, threads);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Batch::Item& item = items[i];
    CopyLogits(logits, packed.offsets[i], packed.offsets[i + 1],
               item.slot->example.windows[item.window_index]);
  }
}

/// Counts the windows of a batch as done, and decodes the slots that are complete.
void StreamRun::Finish(const Batch& batch, const std::vector<std::optional<RecordError>>& errors) {
  std::vector<std::shared_ptr<Slot>> complete;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < batch.items.size(); ++i) {
      const Batch::Item& item = batch.items[i];
      if (errors[i] && !item.slot->failed) {
        item.slot->failed = true;
        item.slot->outcome = *errors[i];
      }
      item.slot->windows_left -= 1;
      if (item.slot->windows_left == 0) {
        complete.push_back(item.slot);
      }
    }
  }
  for (const std::shared_ptr<Slot>& slot : complete) {
    if (!slot->failed) {
      Decode(slot);
    }
    slot->example = {};  // its memory is not needed while it waits for its turn
    const std::lock_guard lock(mutex_);
    slot->done = true;
    done_.notify_one();
  }
}

void StreamRun::Decode(const std::shared_ptr<Slot>& slot) {
  const Stopwatch watch;
  try {
    slot->outcome = DecodeExample(slot->example, slot->request, pair_, options_);
  } catch (const std::exception& error) {
    slot->outcome = InternalError(error);
  }
  const double seconds = watch.seconds();
  const std::lock_guard lock(mutex_);
  stats_.decode_seconds += seconds;
}

void StreamRun::WriteAll(const ResultSink& sink, const SinkIdle& idle) {
  try {
    while (const std::shared_ptr<Slot> slot = TakeDone(idle)) {
      const Stopwatch watch;
      const bool go_on = sink({std::move(slot->request), std::move(slot->outcome)});
      stats_.write_seconds += watch.seconds();
      if (!go_on) {
        Stop(nullptr);
        return;
      }
    }
  } catch (...) {
    Stop(std::current_exception());
  }
}

/// The next slot in order, or nothing at the end.
std::shared_ptr<StreamRun::Slot> StreamRun::TakeDone(const SinkIdle& idle) {
  const auto front_is_done = [&] { return !order_.empty() && order_.front()->done; };
  std::unique_lock lock(mutex_);
  if (!front_is_done() && idle) {
    lock.unlock();
    idle();
    lock.lock();
  }
  done_.wait(lock, [&] { return front_is_done() || (end_of_input_ && order_.empty()); });
  if (order_.empty()) {
    return nullptr;
  }
  std::shared_ptr<Slot> slot = std::move(order_.front());
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

void EncodeExample(Example& example, const Model& model, const QaOptions& options) {
  const PairTemplate& pair = model.tokenizer->pair_template();
  std::vector<std::size_t> lengths;
  lengths.reserve(example.windows.size());
  for (std::size_t i = 0; i < example.windows.size(); ++i) {
    lengths.push_back(example.WindowTokens(i, pair));
  }
  for (const BatchPlan& plan : PlanBatches(lengths, options.max_batch_tokens)) {
    PackedBatch packed;
    for (const std::size_t index : plan.window_indices) {
      AppendExampleWindow(packed, example, index, pair);
    }
    const SpanLogits logits = model.qa->Forward(packed, options.threads);
    for (std::size_t i = 0; i < plan.window_indices.size(); ++i) {
      CopyLogits(logits, packed.offsets[i], packed.offsets[i + 1],
                 example.windows[plan.window_indices[i]]);
    }
  }
}

}  // namespace bertqa
