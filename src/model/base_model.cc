#include "model/base_model.h"

#include <cmath>
#include <numbers>
#include <random>

#include "encoder/expected_tensors.h"
#include "encoder/open_weights.h"
#include "model/build_model.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

/// Numbers of a normal distribution (Box and Muller 1958). The generator's bits are the same
/// everywhere; std::normal_distribution makes of them what the library likes.
class NormalNumbers {
 public:
  NormalNumbers(std::uint64_t seed, double deviation) : bits_(seed), deviation_(deviation) {}

  float Next() {
    const double radius = std::sqrt(-2 * std::log(1 - Uniform()));
    return static_cast<float>(deviation_ * radius * std::cos(2 * std::numbers::pi * Uniform()));
  }

 private:
  /// In [0, 1), a multiple of 2^-53.
  double Uniform() { return static_cast<double>(bits_() >> 11U) * 0x1p-53; }

  std::mt19937_64 bits_;
  double deviation_;
};

/// A tensor of the head, as transformers' BertPreTrainedModel begins it.
MemoryTensor FreshTensor(const ExpectedTensor& tensor, NormalNumbers& numbers) {
  std::vector<float> values(ElementCount(tensor.shape));
  if (!tensor.name.ends_with(".bias")) {
    for (float& value : values) {
      value = numbers.Next();
    }
  }
  return MakeMemoryTensor(tensor.name, tensor.shape, std::move(values));
}

void ReadTensors(const WeightsFile& file, NormalNumbers numbers, BaseModel& model) {
  const TensorMatch match = MatchTensors(model.config, file, HeadPolicy::kOptional);
  const std::vector<ExpectedTensor> expected = ExpectedTensors(model.config);
  for (std::size_t index = 0; index < expected.size(); ++index) {
    if (match.entries[index]) {
      model.tensors.push_back(ReadFloat32(file, *match.entries[index], expected[index].name));
    } else {
      model.tensors.push_back(FreshTensor(expected[index], numbers));
      model.fresh.push_back(expected[index].name);
    }
  }
  for (const std::size_t entry : match.unused) {
    model.unused.push_back(file.entries()[entry].name);
  }
}

}  // namespace

BaseModel ReadBaseModel(const fs::path& directory, std::uint64_t seed) {
  RequireModelDirectory(directory);
  const fs::path config_file = directory / "config.json";
  const EncoderConfig config = ReadEncoderConfig(config_file);
  RequireBert(config, config_file.string() + ": training");
  const TrainingDefaults training = ReadTrainingDefaults(config_file);
  BaseModel model = {.config = config,
                     .dropout = training.dropout,
                     .tokenizer = ReadTokenizer(directory, config),
                     .notes = ReadModelNotes(directory),
                     .tensors = {},
                     .fresh = {},
                     .unused = {}};
  ReadTensors(*OpenWeights(FindWeights(directory)), NormalNumbers(seed, training.initializer_range),
              model);
  return model;
}

}  // namespace bertqa
