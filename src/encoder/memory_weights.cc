#include "encoder/memory_weights.h"

#include <utility>

#include "encoder/embeddings.h"

namespace bertqa {

MemoryTensor MakeMemoryTensor(std::string name, Shape shape, std::vector<float> values) {
  const auto owner = std::make_shared<const std::vector<float>>(std::move(values));
  return {.name = std::move(name), .shape = std::move(shape), .values = *owner, .owner = owner};
}

MemoryTensor ReadFloat32(const WeightsFile& file, std::size_t entry_index, std::string name) {
  const TensorEntry& entry = file.entries()[entry_index];
  const std::size_t count = ElementCount(entry.shape);
  TensorBytes stored = file.Read(entry_index);
  if (entry.dtype == DType::kFloat64) {
    stored = RoundFloat64(stored);
  }
  if (entry.dtype == DType::kFloat32 || entry.dtype == DType::kFloat64) {
    const auto* const values = reinterpret_cast<const float*>(stored.bytes.data());
    return {.name = std::move(name),
            .shape = entry.shape,
            .values = {values, count},
            .owner = std::move(stored.owner)};
  }
  std::vector<float> values(count);
  WidenStored(ChosenIsa(), entry.dtype, stored.bytes.data(), count, values.data());
  return MakeMemoryTensor(std::move(name), entry.shape, std::move(values));
}

MemoryWeights::MemoryWeights(std::vector<MemoryTensor> tensors, std::filesystem::path name)
    : tensors_(std::move(tensors)), name_(std::move(name)) {
  entries_.reserve(tensors_.size());
  for (const MemoryTensor& tensor : tensors_) {
    entries_.push_back({.name = tensor.name, .dtype = DType::kFloat32, .shape = tensor.shape});
  }
}

TensorBytes MemoryWeights::Read(std::size_t entry_index) const {
  const MemoryTensor& tensor = tensors_[entry_index];
  return {.bytes = std::as_bytes(tensor.values), .owner = tensor.owner};
}

}  // namespace bertqa
