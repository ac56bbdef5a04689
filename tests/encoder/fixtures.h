#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bertqa/error.h"
#include "bertqa/qa_model.h"
#include "encoder/checkpoint.h"
#include "encoder/compute_options.h"

namespace bertqa {

inline constexpr const char* kBundledModel = "../models/minilm-l6-squad";

/// A folder of its own for a test, gone afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path Write(const std::string& name, const std::string& bytes) const;

 private:
  std::filesystem::path path_;
};

/// Expects `action` to throw Error{code} with exactly `message`.
void ExpectError(ErrorCode code, const std::string& message, const std::function<void()>& action);

/// Tensors in memory that can be changed one by one before a Checkpoint is made of them.
class EditableWeights : public WeightsFile {
 public:
  /// Random float32 tensors of the shapes that `config` asks for.
  EditableWeights(const EncoderConfig& config, unsigned seed);

  const std::vector<TensorEntry>& entries() const override { return entries_; }
  TensorBytes Read(std::size_t entry_index) const override;
  const std::filesystem::path& path() const override { return path_; }

  void Add(TensorEntry entry);
  void Remove(const std::string& name);
  void Set(const std::string& name, const std::vector<float>& values);
  TensorEntry& Find(const std::string& name);

 private:
  std::filesystem::path path_ = "memory";
  std::vector<TensorEntry> entries_;
  std::vector<std::shared_ptr<std::vector<std::byte>>> data_;
};

/// A small network: 2 layers, hidden 24, 3 heads, 100 pieces, 200 positions.
EncoderConfig SmallConfig();

Checkpoint RandomCheckpoint(const EncoderConfig& config, unsigned seed);
Checkpoint OpenBundled();
/// models/<name> of the golden files.
Checkpoint OpenGolden(const std::string& name);

/// Every precision on every instruction set of this machine.
std::vector<ComputeOptions> AllComputeOptions();
/// "int8 on avx2"
std::string Describe(const ComputeOptions& options);

/// Windows of random tokens.
PackedBatch RandomBatch(const EncoderConfig& config, const std::vector<std::size_t>& lengths,
                        unsigned seed);
/// Window `window` of `batch` alone.
PackedBatch OneWindow(const PackedBatch& batch, std::size_t window);
/// The windows of `batch` in the order of `windows`.
PackedBatch Reordered(const PackedBatch& batch, const std::vector<std::size_t>& windows);

/// The largest difference of any logit.
float LargestDifference(const SpanLogits& left, const SpanLogits& right);

}  // namespace bertqa
