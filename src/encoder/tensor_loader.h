#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "encoder/checkpoint.h"
#include "encoder/parameters.h"

namespace bertqa {

/// Rows of one stored matrix, and of its bias.
struct StoredRows {
  std::string name;  ///< of the layer: "….weight", and "….bias" unless it has none
  std::size_t first_row = 0;
};

/// Makes parameters of a checkpoint's tensors. Safe from several threads at once. A bias that the
/// network does not have (ExpectedTensors) is one of zeros. A view: the checkpoint must outlive it.
class TensorLoader {
 public:
  TensorLoader(const Checkpoint& checkpoint, const ComputeOptions& options)
      : checkpoint_(checkpoint), options_(options) {}

  const Checkpoint& checkpoint() const { return checkpoint_; }
  const EncoderConfig& config() const { return checkpoint_.config(); }
  const ComputeOptions& options() const { return options_; }

  AlignedBuffer<float> Float(const std::string& name, std::size_t count) const;
  LayerNorm ReadNorm(const std::string& name, std::size_t size) const;
  LayerNorm ReadNorm(const std::string& name, std::size_t size, double epsilon) const;

  /// The [outputs, inputs] matrices of `parts` one below the other, with their biases.
  PackedLinear ReadLinears(const std::vector<StoredRows>& parts, std::size_t inputs,
                           std::size_t outputs, Precision precision) const;
  /// One of them, in the model's precision.
  PackedLinear ReadLinear(const StoredRows& rows, std::size_t inputs, std::size_t outputs) const;

 private:
  /// Zeros where the network has none.
  AlignedBuffer<float> Bias(const std::string& name, std::size_t first, std::size_t count) const;

  const Checkpoint& checkpoint_;
  ComputeOptions options_;
};

}  // namespace bertqa
