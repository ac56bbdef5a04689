#pragma once

#include <cstddef>
#include <vector>

#include "bertqa/window.h"

namespace bertqa {

/// What the question-answering head says about each token of a packed batch.
struct SpanLogits {
  std::vector<float> start;  ///< [N]
  std::vector<float> end;    ///< [N]
};

/// A span-extraction model: an encoder and a question-answering head.
/// Immutable after construction: Forward is safe from several threads at once.
class QaModel {
 public:
  virtual ~QaModel() = default;

  /// Start and end logits of every token (BERT, Devlin et al. 2019, section 4.2: S·T_i and E·T_i).
  /// `threads` is how many threads the operators may use. The logits of a window are bit for bit
  /// the same whatever `threads` and whatever other windows are in the batch.
  /// Throws Error{kInternal} if memory runs out, Error{kUsage} if a window is longer than
  /// max_window_tokens() or an id is out of range.
  virtual SpanLogits Forward(const PackedBatch& batch, std::size_t threads) const = 0;

  /// The longest window that the model has positions for.
  virtual std::size_t max_window_tokens() const = 0;

  virtual std::size_t vocabulary_size() const = 0;
};

}  // namespace bertqa
