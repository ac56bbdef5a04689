#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "bertqa/pipeline.h"
#include "pipeline/example.h"

namespace bertqa {

/// A window of some example.
struct WindowPlace {
  Example& example;
  std::size_t window_index = 0;
};

/// For each of several windows, what went wrong with it.
using WindowErrors = std::vector<std::optional<RecordError>>;

/// Encodes windows in one forward pass on `threads` threads. If the whole fails, they are tried one
/// by one, so that a record fails for its own sake only and not for its neighbours'.
WindowErrors EncodeWindows(std::span<const WindowPlace> windows, const Model& model,
                           std::size_t threads);

/// Counts `window_tokens`-long windows and the batch they make up.
void CountBatch(PipelineStats& stats, std::span<const std::size_t> window_tokens);

/// Encodes all windows of one example on the calling thread, in batches bounded by the options.
/// Throws what the model throws.
void EncodeExample(Example& example, const Model& model, const QaOptions& options,
                   PipelineStats& stats);

/// An exception as the error of a record.
RecordError InternalError(const std::exception& error);

}  // namespace bertqa
