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
/// shape, in a type that weights may have, and no other but a pooler's, which is not used.
class Checkpoint {
 public:
  /// Throws Error{kMalformed} that names the first wrong, missing or extra tensor with the expected
  /// and the found shape; Error{kUnsupported} for a type that is no weight.
  Checkpoint(const BertConfig& config, std::unique_ptr<const WeightsFile> file);

  const BertConfig& config() const { return config_; }
  const WeightsFile& file() const { return *file_; }
  const std::vector<ExpectedTensor>& tensors() const { return tensors_; }

  /// `name` as ExpectedTensors spells it. REQUIRES: it is one of them.
  DType dtype(std::string_view name) const;
  TensorBytes Read(std::string_view name) const;

 private:
  std::size_t EntryIndex(std::string_view name) const;

  BertConfig config_;
  std::unique_ptr<const WeightsFile> file_;
  std::vector<ExpectedTensor> tensors_;
  std::unordered_map<std::string, std::size_t> entry_index_;  // name to index into file_->entries()
};

}  // namespace bertqa
