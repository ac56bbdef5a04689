#include "encoder/expected_tensors.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "bertqa/error.h"
#include "encoder/deberta_tensors.h"
#include "encoder/distance_bias.h"
#include "encoder/mobilebert_tensors.h"
#include "encoder/modernbert_tensors.h"
#include "encoder/tensor_names.h"

namespace bertqa {
namespace {

void AddLayer(std::vector<ExpectedTensor>& tensors, const EncoderConfig& config,
              std::size_t layer) {
  if (config.family == Family::kMobileBert) {
    return AddMobileBertLayer(tensors, config, layer);
  }
  const std::size_t hidden = config.hidden_size;
  const std::size_t inner = config.intermediate_size;
  const FamilyTraits& traits = TraitsOf(config.family);
  const LayerTensorNames& names = traits.layer;
  const std::string place = LayerPlace(traits, layer);
  const auto add = [&](std::string_view name, Shape shape) {
    AddWeightAndBias(tensors, place + std::string(name), std::move(shape));
  };
  for (const std::string_view name : {names.query, names.key, names.value}) {
    add(name, {hidden, hidden});
  }
  add(names.attention_output, {hidden, hidden});
  add(names.attention_norm, {hidden});
  add(names.feed_forward_in, {inner, hidden});
  add(names.feed_forward_out, {hidden, inner});
  add(names.output_norm, {hidden});
}

void AddEmbeddings(std::vector<ExpectedTensor>& tensors, const EncoderConfig& config) {
  const FamilyTraits& traits = TraitsOf(config.family);
  const std::string place = EmbeddingsPlace(traits);
  const std::size_t width = config.position_width();
  tensors.push_back({.name = place + "word_embeddings.weight",
                     .shape = {config.vocabulary_size, config.embedding_width()}});
  if (config.has_position_table()) {
    tensors.push_back(
        {.name = place + "position_embeddings.weight", .shape = {config.max_positions, width}});
  }
  if (config.segment_types > 0) {
    tensors.push_back(
        {.name = place + "token_type_embeddings.weight", .shape = {config.segment_types, width}});
  }
  AddWeightAndBias(tensors, place + "LayerNorm", {config.embedding_norm_width()});
  if (config.normalises_projected()) {
    tensors.push_back(
        {.name = ProjectionPlace(traits) + ".weight", .shape = {config.hidden_size, width}});
  } else if (config.projects_embeddings()) {
    AddWeightAndBias(tensors, ProjectionPlace(traits),
                     {config.hidden_size, config.projection_inputs()});
  }
}

/// Buffers that old checkpoints hold: counted, not learnt.
bool IsIndexBuffer(std::string_view name) {
  return name.ends_with("embeddings.position_ids") || name.ends_with("embeddings.token_type_ids");
}

/// "module.x.LayerNorm.gamma" as "x.LayerNorm.weight": checkpoints from before 2019 have the one
/// spelling, those that were saved out of PyTorch's DataParallel the other.
std::string ModernName(std::string name) {
  constexpr std::string_view kDataParallel = "module.";
  if (name.starts_with(kDataParallel)) {
    name.erase(0, kDataParallel.size());
  }
  for (const auto& [old_end, new_end] :
       {std::pair<std::string_view, std::string_view>{".gamma", ".weight"}, {".beta", ".bias"}}) {
    if (name.ends_with(old_end)) {
      return name.substr(0, name.size() - old_end.size()) + std::string(new_end);
    }
  }
  return name;
}

class Matcher {
 public:
  Matcher(const EncoderConfig& config, const WeightsFile& file, HeadPolicy policy)
      : config_(config),
        traits_(TraitsOf(config.family)),
        file_(file),
        policy_(policy),
        expected_(ExpectedTensors(config)) {
    for (std::size_t index = 0; index < expected_.size(); ++index) {
      index_of_.emplace(expected_[index].name, index);
    }
    match_.entries.resize(expected_.size());
  }

  TensorMatch Match() {
    if (policy_ == HeadPolicy::kRequired) {
      RequireHead();
    }
    for (std::size_t index = 0; index < file_.entries().size(); ++index) {
      const std::string& name = file_.entries()[index].name;
      if (!IsIndexBuffer(name) && !IsUnusedPositionTable(config_, name)) {
        Assign(index);
      }
    }
    for (std::size_t index = 0; index < expected_.size(); ++index) {
      const ExpectedTensor& tensor = expected_[index];
      const bool may_be_missing = policy_ == HeadPolicy::kOptional && IsHead(tensor.name);
      if (!match_.entries[index] && !may_be_missing) {
        throw Error(ErrorCode::kMalformed, Place(tensor.name) + " is missing; shape " +
                                               ToString(tensor.shape) + " is expected");
      }
    }
    return std::move(match_);
  }

 private:
  std::string Place(const std::string& name) const {
    return file_.path().string() + ": tensor \"" + name + "\"";
  }

  std::string_view WithoutPrefix(std::string_view name) const {
    return name.starts_with(traits_.prefix) ? name.substr(traits_.prefix.size()) : name;
  }

  bool IsHead(std::string_view name) const {
    return name.starts_with(std::string(traits_.head) + ".");
  }

  /// Not the pooler, nor another head.
  bool IsEncoder(std::string_view name) const {
    const std::string_view rest = WithoutPrefix(name);
    return rest.starts_with("encoder.") || rest.starts_with("embeddings.") ||
           rest.starts_with(traits_.layers);
  }

  void RequireHead() const {
    const std::vector<TensorEntry>& entries = file_.entries();
    if (std::none_of(entries.begin(), entries.end(),
                     [this](const TensorEntry& entry) { return IsHead(ModernName(entry.name)); })) {
      const std::string hint = config_.family == Family::kBert
                                   ? "\"bertqa train\" makes one of a base"
                                   : "a model that was trained for question answering is expected";
      throw Error(ErrorCode::kMalformed, file_.path().string() +
                                             ": no question-answering head (tensors \"" +
                                             std::string(traits_.head) + ".…\"); " + hint);
    }
  }

  void Assign(std::size_t entry_index) {
    const TensorEntry& entry = file_.entries()[entry_index];
    const std::string name = ModernName(entry.name);
    auto found = index_of_.find(name);
    if (found == index_of_.end()) {
      found = index_of_.find(std::string(traits_.prefix) + name);
    }
    if (found != index_of_.end()) {
      Require(entry, expected_[found->second].shape);
      if (match_.entries[found->second]) {
        throw Error(ErrorCode::kMalformed, Place(entry.name) + " is there twice, once as \"" +
                                               expected_[found->second].name + "\"");
      }
      match_.entries[found->second] = entry_index;
    } else if (!IsEncoder(name)) {
      match_.unused.push_back(entry_index);
    } else {
      throw Error(ErrorCode::kMalformed, Place(entry.name) + " of shape " + ToString(entry.shape) +
                                             " is not part of a question-answering " +
                                             std::string(traits_.name) + " of " +
                                             std::to_string(config_.layers) + " layers");
    }
  }

  void Require(const TensorEntry& entry, const Shape& shape) const {
    if (entry.shape != shape) {
      throw Error(ErrorCode::kMalformed, Place(entry.name) + " has shape " + ToString(entry.shape) +
                                             "; config.json asks for " + ToString(shape));
    }
    if (!IsWeight(entry.dtype)) {
      throw Error(ErrorCode::kUnsupported,
                  Place(entry.name) + " is of type " + std::string(NameOf(entry.dtype)) +
                      "; float32, float16, bfloat16 or float64 is expected");
    }
  }

  const EncoderConfig& config_;  // the caller's, as is the file: a matcher lives for one call
  const FamilyTraits& traits_;
  const WeightsFile& file_;
  HeadPolicy policy_;
  std::vector<ExpectedTensor> expected_;
  std::unordered_map<std::string, std::size_t> index_of_;  // name to index into expected_
  TensorMatch match_;
};

}  // namespace

void AddWeightAndBias(std::vector<ExpectedTensor>& tensors, const std::string& place,
                      Shape weight_shape) {
  const std::size_t rows = weight_shape[0];
  tensors.push_back({.name = place + ".weight", .shape = std::move(weight_shape)});
  tensors.push_back({.name = place + ".bias", .shape = {rows}});
}

std::vector<ExpectedTensor> ExpectedTensors(const EncoderConfig& config) {
  if (config.family == Family::kModernBert) {
    return ModernBertTensors(config);
  }
  std::vector<ExpectedTensor> tensors;
  AddEmbeddings(tensors, config);
  if (config.has_distance_bias()) {
    tensors.push_back({.name = DistanceBiasName(TraitsOf(config.family)),
                       .shape = {kDistanceBuckets, config.attention_heads}});
  }
  for (std::size_t layer = 0; layer < config.stored_layers(); ++layer) {
    AddLayer(tensors, config, layer);
  }
  if (config.family == Family::kDeberta) {
    AddDebertaTensors(tensors, config);
  }
  AddWeightAndBias(tensors, std::string(TraitsOf(config.family).head), {2, config.hidden_size});
  return tensors;
}

TensorMatch MatchTensors(const EncoderConfig& config, const WeightsFile& file, HeadPolicy policy) {
  return Matcher(config, file, policy).Match();
}

}  // namespace bertqa
