#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "encoder/config.h"
#include "encoder/expected_tensors.h"
#include "encoder/weights.h"

namespace bertqa {

/// A weights file matched with a configuration (MatchTensors): every tensor is there, once, in its
/// shape, in a type that weights may have. A float64 tensor is rounded to float32 when it is read,
/// so that nothing else has to know the type. What the network has no use for is not read.
class Checkpoint {
 public:
  /// Throws as MatchTensors.
  Checkpoint(const EncoderConfig& config, std::unique_ptr<const WeightsFile> file);

  const EncoderConfig& config() const { return config_; }
  const WeightsFile& file() const { return *file_; }
  const std::vector<ExpectedTensor>& tensors() const { return tensors_; }

  /// Names of tensors of other heads, in the file's order; not those of the pooler, which nearly
  /// every BERT carries along.
  std::vector<std::string> other_heads() const;

  /// Whether `name` is one of tensors().
  bool Has(std::string_view name) const { return entry_index_.contains(std::string(name)); }

  /// `name` as ExpectedTensors spells it. REQUIRES: it is one of them.
  DType dtype(std::string_view name) const;
  TensorBytes Read(std::string_view name) const;

 private:
  std::size_t EntryIndex(std::string_view name) const;

  EncoderConfig config_;
  std::unique_ptr<const WeightsFile> file_;
  std::vector<ExpectedTensor> tensors_;
  std::vector<std::size_t> unused_;                           // indices into file_->entries()
  std::unordered_map<std::string, std::size_t> entry_index_;  // name to index into file_->entries()
};

}  // namespace bertqa
