#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "encoder/config.h"
#include "encoder/weights.h"

namespace bertqa {

/// A tensor that a BERT with a question-answering head has, by its Hugging Face name.
struct ExpectedTensor {
  std::string name;
  Shape shape;
};

/// All tensors of the network that `config` describes, in the order of `BertForQuestionAnswering`.
std::vector<ExpectedTensor> ExpectedTensors(const BertConfig& config);

/// A weights file matched with a configuration: every tensor is there, once, in its shape, in a
/// type that weights may have, and no other. Names may lack the prefix "bert." and may call a
/// LayerNorm's weight and bias "gamma" and "beta". What the head does not use is passed over: the
/// pooler, and index buffers (`embeddings.position_ids`, `embeddings.token_type_ids`).
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
  void Match(std::size_t entry_index);

  BertConfig config_;
  std::unique_ptr<const WeightsFile> file_;
  std::vector<ExpectedTensor> tensors_;
  std::unordered_map<std::string, std::size_t> expected_;     // name to index into tensors_
  std::unordered_map<std::string, std::size_t> entry_index_;  // name to index into file_->entries()
};

}  // namespace bertqa
