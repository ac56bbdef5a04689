#include "pipeline/encode.h"

#include <new>

#include "base/stopwatch.h"

namespace bertqa {
namespace {

void CopyLogits(const SpanLogits& logits, std::size_t begin, std::size_t end,
                ExampleWindow& window) {
  const auto first = static_cast<std::ptrdiff_t>(begin);
  const auto last = static_cast<std::ptrdiff_t>(end);
  window.start.assign(logits.start.begin() + first, logits.start.begin() + last);
  window.end.assign(logits.end.begin() + first, logits.end.begin() + last);
}

void Encode(std::span<const WindowPlace> windows, const Model& model, std::size_t threads) {
  PackedBatch packed;
  for (const WindowPlace& place : windows) {
    AppendExampleWindow(packed, place.example, place.window_index,
                        model.tokenizer->pair_template());
  }
  const SpanLogits logits = model.qa->Forward(packed, threads);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    CopyLogits(logits, packed.offsets[i], packed.offsets[i + 1],
               windows[i].example.windows[windows[i].window_index]);
  }
}

}  // namespace

WindowErrors EncodeWindows(std::span<const WindowPlace> windows, const Model& model,
                           std::size_t threads) {
  WindowErrors errors(windows.size());
  try {
    Encode(windows, model, threads);
    return errors;
  } catch (const std::exception& error) {
    errors.front() = InternalError(error);
  }
  for (std::size_t i = 0; windows.size() > 1 && i < windows.size(); ++i) {
    try {
      Encode(windows.subspan(i, 1), model, threads);
      errors[i].reset();
    } catch (const std::exception& error) {
      errors[i] = InternalError(error);
    }
  }
  return errors;
}

void CountWindow(PipelineStats& stats, std::size_t window_tokens) {
  stats.windows += 1;
  stats.tokens += window_tokens;
  stats.token_pairs += window_tokens * window_tokens;
}

void EncodeExample(Example& example, const Model& model, const QaOptions& options,
                   PipelineStats& stats) {
  const Stopwatch watch;
  const PairTemplate& pair = model.tokenizer->pair_template();
  std::vector<std::size_t> lengths;
  lengths.reserve(example.windows.size());
  for (std::size_t i = 0; i < example.windows.size(); ++i) {
    lengths.push_back(example.WindowTokens(i, pair));
  }
  for (const BatchPlan& plan : PlanBatches(lengths, options.max_batch_tokens)) {
    std::vector<WindowPlace> places;
    for (const std::size_t index : plan.window_indices) {
      places.push_back({example, index});
      CountWindow(stats, lengths[index]);
    }
    stats.batches += 1;
    Encode(places, model, options.threads);
  }
  stats.encode_seconds += watch.seconds() * static_cast<double>(options.threads);
}

RecordError OutOfMemory() noexcept {
  return {RecordErrorCode::kInternal, "out of memory"};  // short enough for a string without a heap
}

RecordError InternalError(const std::exception& error) noexcept {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return OutOfMemory();
  }
  try {
    return {RecordErrorCode::kInternal, error.what()};
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

}  // namespace bertqa
