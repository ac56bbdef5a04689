#include "autograd/parameter_layout.h"

#include <algorithm>

namespace bertqa {
namespace {

bool IsNorm(std::string_view name) {
  return name.find(".LayerNorm.") != std::string_view::npos;
}
bool IsOfEmbeddings(std::string_view name) {
  return name.starts_with("bert.embeddings.");
}
bool IsTable(std::string_view name) {
  return IsOfEmbeddings(name) && !IsNorm(name);
}
bool IsWeight(std::string_view name) {
  return name.ends_with(".weight");
}

}  // namespace

ParameterLayout::ParameterLayout(const EncoderConfig& config) {
  RequireBert(config, "training");
  tables_ = Append(config, IsTable);
  weights_ = Append(config, [](std::string_view name) {
    return IsWeight(name) && !IsNorm(name) && !IsTable(name);
  });
  biases_ = Append(config, [](std::string_view name) { return !IsWeight(name) && !IsNorm(name); });
  layer_norms_ =
      Append(config, [](std::string_view name) { return IsNorm(name) && !IsOfEmbeddings(name); });
  embedding_norm_ =
      Append(config, [](std::string_view name) { return IsNorm(name) && IsOfEmbeddings(name); });
}

template <class Belongs>
ValueRange ParameterLayout::Append(const EncoderConfig& config, const Belongs& belongs) {
  const std::size_t begin = entries_.empty() ? 0 : entries_.back().range.end;
  std::size_t end = begin;
  for (ExpectedTensor& tensor : ExpectedTensors(config)) {
    if (belongs(tensor.name)) {
      const std::size_t count = ElementCount(tensor.shape);
      entries_.push_back({std::move(tensor), {end, end + count}});
      end += count;
    }
  }
  return {begin, end};
}

const ParameterLayout::Entry& ParameterLayout::Find(std::string_view name) const {
  return *std::find_if(entries_.begin(), entries_.end(),
                       [&](const Entry& entry) { return entry.tensor.name == name; });
}

}  // namespace bertqa
