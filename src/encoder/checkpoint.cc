#include "encoder/checkpoint.h"

#include "bertqa/error.h"

namespace bertqa {
namespace {

void AddPair(std::vector<ExpectedTensor>& tensors, const std::string& name, Shape weight_shape) {
  const std::size_t rows = weight_shape[0];
  tensors.push_back({.name = name + ".weight", .shape = std::move(weight_shape)});
  tensors.push_back({.name = name + ".bias", .shape = {rows}});
}

void AddLayer(std::vector<ExpectedTensor>& tensors, const BertConfig& config, std::size_t layer) {
  const std::size_t hidden = config.hidden_size;
  const std::size_t inner = config.intermediate_size;
  const std::string prefix = "bert.encoder.layer." + std::to_string(layer);
  for (const char* part : {"query", "key", "value"}) {
    AddPair(tensors, prefix + ".attention.self." + part, {hidden, hidden});
  }
  AddPair(tensors, prefix + ".attention.output.dense", {hidden, hidden});
  AddPair(tensors, prefix + ".attention.output.LayerNorm", {hidden});
  AddPair(tensors, prefix + ".intermediate.dense", {inner, hidden});
  AddPair(tensors, prefix + ".output.dense", {hidden, inner});
  AddPair(tensors, prefix + ".output.LayerNorm", {hidden});
}

bool IsPassedOver(std::string_view name) {
  return name.ends_with("embeddings.position_ids") || name.ends_with("embeddings.token_type_ids") ||
         name.starts_with("bert.pooler.") || name.starts_with("pooler.");
}

/// "x.LayerNorm.gamma" as "x.LayerNorm.weight", as checkpoints from before 2019 spell it.
std::string ModernName(const std::string& name) {
  for (const auto& [old_end, new_end] :
       {std::pair<std::string_view, std::string_view>{".LayerNorm.gamma", ".LayerNorm.weight"},
        {".LayerNorm.beta", ".LayerNorm.bias"}}) {
    if (name.ends_with(old_end)) {
      return name.substr(0, name.size() - old_end.size()) + std::string(new_end);
    }
  }
  return name;
}

}  // namespace

std::vector<ExpectedTensor> ExpectedTensors(const BertConfig& config) {
  const std::size_t hidden = config.hidden_size;
  const std::string prefix = "bert.embeddings.";
  std::vector<ExpectedTensor> tensors = {
      {.name = prefix + "word_embeddings.weight", .shape = {config.vocabulary_size, hidden}},
      {.name = prefix + "position_embeddings.weight", .shape = {config.max_positions, hidden}},
      {.name = prefix + "token_type_embeddings.weight", .shape = {config.segment_types, hidden}}};
  AddPair(tensors, prefix + "LayerNorm", {hidden});
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    AddLayer(tensors, config, layer);
  }
  AddPair(tensors, "qa_outputs", {2, hidden});
  return tensors;
}

Checkpoint::Checkpoint(const BertConfig& config, std::unique_ptr<const WeightsFile> file)
    : config_(config), file_(std::move(file)), tensors_(ExpectedTensors(config)) {
  for (std::size_t index = 0; index < tensors_.size(); ++index) {
    expected_.emplace(tensors_[index].name, index);
  }
  for (std::size_t index = 0; index < file_->entries().size(); ++index) {
    Match(index);
  }
  for (const ExpectedTensor& tensor : tensors_) {
    if (!entry_index_.contains(tensor.name)) {
      throw Error(ErrorCode::kMalformed, file_->path().string() + ": tensor \"" + tensor.name +
                                             "\" is missing; shape " + ToString(tensor.shape) +
                                             " is expected");
    }
  }
}

void Checkpoint::Match(std::size_t entry_index) {
  const TensorEntry& entry = file_->entries()[entry_index];
  if (IsPassedOver(entry.name)) {
    return;
  }
  const std::string place = file_->path().string() + ": tensor \"" + entry.name + "\"";
  const std::string name = ModernName(entry.name);
  auto found = expected_.find(name);
  if (found == expected_.end()) {
    found = expected_.find("bert." + name);
  }
  if (found == expected_.end()) {
    throw Error(ErrorCode::kMalformed, place + " of shape " + ToString(entry.shape) +
                                           " is not part of a question-answering BERT of " +
                                           std::to_string(config_.layers) + " layers");
  }
  const ExpectedTensor& expected = tensors_[found->second];
  if (entry.shape != expected.shape) {
    throw Error(ErrorCode::kMalformed, place + " has shape " + ToString(entry.shape) +
                                           "; config.json asks for " + ToString(expected.shape));
  }
  if (!IsWeight(entry.dtype)) {
    throw Error(ErrorCode::kUnsupported, place + " is of type " + std::string(NameOf(entry.dtype)) +
                                             "; float32, float16 or bfloat16 is expected");
  }
  if (!entry_index_.emplace(expected.name, entry_index).second) {
    throw Error(ErrorCode::kMalformed,
                place + " is there twice, once as \"" + expected.name + "\"");
  }
}

std::size_t Checkpoint::EntryIndex(std::string_view name) const {
  return entry_index_.at(std::string(name));
}

DType Checkpoint::dtype(std::string_view name) const {
  return file_->entries()[EntryIndex(name)].dtype;
}

TensorBytes Checkpoint::Read(std::string_view name) const {
  return file_->Read(EntryIndex(name));
}

}  // namespace bertqa
