#include "encoder/checkpoint.h"

namespace bertqa {

Checkpoint::Checkpoint(const BertConfig& config, std::unique_ptr<const WeightsFile> file)
    : config_(config), file_(std::move(file)), tensors_(ExpectedTensors(config)) {
  const TensorMatch match = MatchTensors(config_, *file_, HeadPolicy::kRequired);
  for (std::size_t index = 0; index < tensors_.size(); ++index) {
    entry_index_.emplace(tensors_[index].name, match.entries[index].value());
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
