#include "encoder/checkpoint.h"

#include <utility>

namespace bertqa {

Checkpoint::Checkpoint(const EncoderConfig& config, std::unique_ptr<const WeightsFile> file)
    : config_(config), file_(std::move(file)), tensors_(ExpectedTensors(config)) {
  TensorMatch match = MatchTensors(config_, *file_, HeadPolicy::kRequired);
  unused_ = std::move(match.unused);
  for (std::size_t index = 0; index < tensors_.size(); ++index) {
    entry_index_.emplace(tensors_[index].name, match.entries[index].value());
  }
}

std::size_t Checkpoint::EntryIndex(std::string_view name) const {
  return entry_index_.at(std::string(name));
}

std::vector<std::string> Checkpoint::other_heads() const {
  std::vector<std::string> names;
  for (const std::size_t index : unused_) {
    const std::string& name = file_->entries()[index].name;
    if (name.find("pooler.") == std::string::npos) {
      names.push_back(name);
    }
  }
  return names;
}

DType Checkpoint::dtype(std::string_view name) const {
  const DType stored = file_->entries()[EntryIndex(name)].dtype;
  return stored == DType::kFloat64 ? DType::kFloat32 : stored;
}

TensorBytes Checkpoint::Read(std::string_view name) const {
  const std::size_t index = EntryIndex(name);
  TensorBytes stored = file_->Read(index);
  return file_->entries()[index].dtype == DType::kFloat64 ? RoundFloat64(stored)
                                                          : std::move(stored);
}

}  // namespace bertqa
