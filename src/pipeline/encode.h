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
/// Throws std::bad_alloc if there is no memory for the list of errors.
WindowErrors EncodeWindows(std::span<const WindowPlace> windows, const Model& model,
                           std::size_t threads);

/// Counts a window of a batch.
void CountWindow(PipelineStats& stats, std::size_t window_tokens);

/// Encodes all windows of one example on the calling thread, in batches bounded by the options.
/// Throws what the model throws.
void EncodeExample(Example& example, const Model& model, const QaOptions& options,
                   PipelineStats& stats);

/// What a record gets that there was no memory for.
RecordError OutOfMemory() noexcept;

/// An exception as the error of a record: OutOfMemory() for std::bad_alloc, or if there is no
/// memory for its message.
RecordError InternalError(const std::exception& error) noexcept;

}  // namespace bertqa
