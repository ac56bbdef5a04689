#include "encoder/fixtures.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "base/error_of.h"
#include "base/files.h"
#include "encoder/safetensors_reader.h"
#include "encoder/torchscript_reader.h"

namespace bertqa {
namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  path_ = fs::temp_directory_path() / ("bertqa-" + std::string(test->test_suite_name()) + "-" +
                                       test->name() + "-" + std::to_string(getpid()));
  fs::create_directories(path_);
}

TemporaryFolder::~TemporaryFolder() {
  fs::remove_all(path_);
}

fs::path TemporaryFolder::Write(const std::string& name, const std::string& bytes) const {
  WriteFileAtomically(path_ / name, bytes);
  return path_ / name;
}

void ExpectError(ErrorCode code, const std::string& message, const std::function<void()>& action) {
  EXPECT_EQ(ErrorOf(code, action), message);
}

EditableWeights::EditableWeights(const EncoderConfig& config, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> values(0, 0.2F);
  for (const ExpectedTensor& tensor : ExpectedTensors(config)) {
    Add({.name = tensor.name, .dtype = DType::kFloat32, .shape = tensor.shape});
    for (std::size_t at = 0; at < data_.back()->size(); at += sizeof(float)) {
      const float value = values(generator);
      std::memcpy(data_.back()->data() + at, &value, sizeof value);
    }
  }
}

TensorBytes EditableWeights::Read(std::size_t entry_index) const {
  return {.bytes = *data_[entry_index], .owner = data_[entry_index]};
}

void EditableWeights::Add(TensorEntry entry) {
  data_.push_back(
      std::make_shared<std::vector<std::byte>>(ElementCount(entry.shape) * SizeOf(entry.dtype)));
  entries_.push_back(std::move(entry));
}

void EditableWeights::Remove(const std::string& name) {
  const auto index = &Find(name) - entries_.data();
  entries_.erase(entries_.begin() + index);
  data_.erase(data_.begin() + index);
}

void EditableWeights::Set(const std::string& name, const std::vector<float>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  data_[static_cast<std::size_t>(&Find(name) - entries_.data())]->assign(bytes.begin(),
                                                                         bytes.end());
}

TensorEntry& EditableWeights::Find(const std::string& name) {
  return *std::find_if(entries_.begin(), entries_.end(),
                       [&](const TensorEntry& entry) { return entry.name == name; });
}

EncoderConfig SmallConfig() {
  return {.vocabulary_size = 100,
          .hidden_size = 24,
          .layers = 2,
          .attention_heads = 3,
          .intermediate_size = 40,
          .max_positions = 200};
}

Checkpoint RandomCheckpoint(const EncoderConfig& config, unsigned seed) {
  return Checkpoint(config, std::make_unique<EditableWeights>(config, seed));
}

Checkpoint OpenBundled() {
  const fs::path folder = kBundledModel;
  return Checkpoint(ReadEncoderConfig(folder / "config.json"),
                    OpenTorchArchive(folder / "model.pt"));
}

Checkpoint OpenGolden(const std::string& name) {
  const fs::path folder = fs::path("golden/models") / name;
  return Checkpoint(ReadEncoderConfig(folder / "config.json"),
                    OpenSafetensors(folder / "model.safetensors"));
}

std::vector<ComputeOptions> AllComputeOptions() {
  std::vector<ComputeOptions> all;
  for (const Isa isa : SupportedIsas()) {
    for (const Precision precision :
         {Precision::kFloat32, Precision::kBFloat16, Precision::kInt8}) {
      if (precision != Precision::kBFloat16 || ComputesBFloat16(isa)) {
        all.push_back({.precision = precision, .isa = isa});
      }
    }
  }
  return all;
}

std::string Describe(const ComputeOptions& options) {
  return std::string(NameOf(options.precision)) + " on " + std::string(NameOf(options.isa));
}

PackedBatch RandomBatch(const EncoderConfig& config, const std::vector<std::size_t>& lengths,
                        unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_int_distribution<TokenId> ids(0, static_cast<TokenId>(config.vocabulary_size) - 1);
  PackedBatch batch;
  for (const std::size_t length : lengths) {
    for (std::size_t token = 0; token < length; ++token) {
      batch.ids.push_back(ids(generator));
      batch.segments.push_back(token > length / 4 ? 1 : 0);
    }
    batch.offsets.push_back(batch.ids.size());
  }
  return batch;
}

PackedBatch OneWindow(const PackedBatch& batch, std::size_t window) {
  return Reordered(batch, {window});
}

PackedBatch Reordered(const PackedBatch& batch, const std::vector<std::size_t>& windows) {
  PackedBatch reordered;
  for (const std::size_t window : windows) {
    for (std::size_t token = batch.offsets[window]; token < batch.offsets[window + 1]; ++token) {
      reordered.ids.push_back(batch.ids[token]);
      reordered.segments.push_back(batch.segments[token]);
    }
    reordered.offsets.push_back(reordered.ids.size());
  }
  return reordered;
}

float LargestDifference(const SpanLogits& left, const SpanLogits& right) {
  EXPECT_EQ(left.start.size(), right.start.size());
  EXPECT_EQ(left.end.size(), right.end.size());
  float largest = 0;
  for (std::size_t token = 0; token < left.start.size(); ++token) {
    const float start = std::abs(left.start[token] - right.start[token]);
    const float end = std::abs(left.end[token] - right.end[token]);
    if (!(start <= largest && end <= largest)) {  // NaN counts
      largest = std::isnan(start + end) ? INFINITY : std::max(start, end);
    }
  }
  return largest;
}

}  // namespace bertqa
