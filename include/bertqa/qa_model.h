#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bertqa/precision.h"
#include "bertqa/window.h"

namespace bertqa {

/// What the question-answering head says about each token of a packed batch.
struct SpanLogits {
  std::vector<float> start;  ///< [N]
  std::vector<float> end;    ///< [N]
};

/// What a model computes with, and how much work its windows are.
struct ComputeInfo {
  Precision precision = Precision::kFloat32;  ///< what it computes in; never kAuto
  std::string reason;                         ///< why this precision: "asked for", "auto: …"
  std::string instruction_set;                ///< of the kernels: "AVX2"
  std::string processor;                      ///< as the processor calls itself; may be empty
  /// Floating-point operations (or those on integers) of a window of T tokens:
  /// T · flops_per_token + T² · flops_per_token_pair.
  double flops_per_token = 0;       ///< of the matrix products
  double flops_per_token_pair = 0;  ///< of attention: each token looks at each
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

  /// What `--verbose` tells. A model that counts no operations has none to tell.
  virtual ComputeInfo compute_info() const { return {}; }

  /// Billions of operations a second that `threads` threads reach with nothing but the instructions
  /// that multiply and add at this model's precision, measured in a few milliseconds; 0: not known.
  virtual double MeasurePeakGflops(std::size_t /*threads*/) const { return 0; }
};

}  // namespace bertqa
