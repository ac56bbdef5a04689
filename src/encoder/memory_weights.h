#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "encoder/weights.h"

namespace bertqa {

/// A float32 tensor in memory, row-major.
struct MemoryTensor {
  std::string name;
  Shape shape;
  std::span<const float> values;
  std::shared_ptr<const void> owner;  ///< keeps `values` alive
};

/// A tensor that owns `values`. REQUIRES: as many values as `shape` has elements.
MemoryTensor MakeMemoryTensor(std::string name, Shape shape, std::vector<float> values);

/// The tensor of `file` at `entry_index`, called `name`, in float32: a float32 tensor is not
/// copied, float16 and bfloat16 are widened, which is exact, float64 is rounded.
/// REQUIRES: entry_index < file.entries().size(), and IsWeight(the entry's type).
/// Throws as WeightsFile::Read.
MemoryTensor ReadFloat32(const WeightsFile& file, std::size_t entry_index, std::string name);

/// Tensors in memory as a weights file, for what is made in training: a Checkpoint of them is
/// computed with and written like one that was read.
class MemoryWeights : public WeightsFile {
 public:
  /// `name` is what messages call the file. REQUIRES: names of tensors are unique, and each has as
  /// many values as its shape has elements.
  MemoryWeights(std::vector<MemoryTensor> tensors, std::filesystem::path name);

  const std::vector<TensorEntry>& entries() const override { return entries_; }
  /// Views the tensor's values.
  TensorBytes Read(std::size_t entry_index) const override;
  const std::filesystem::path& path() const override { return name_; }

 private:
  std::vector<MemoryTensor> tensors_;
  std::vector<TensorEntry> entries_;
  std::filesystem::path name_;
};

}  // namespace bertqa
