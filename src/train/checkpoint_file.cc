#include "train/checkpoint_file.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/staged_file.h"
#include "bertqa/error.h"
#include "encoder/memory_weights.h"
#include "encoder/safetensors_reader.h"
#include "encoder/safetensors_writer.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kTensorPrefix = "checkpoint-";
constexpr const char* kTensorSuffix = ".safetensors";

std::optional<double> OptionalNumber(const Json& json, const char* key) {
  return json.at(key).is_null() ? std::nullopt : std::optional(json.at(key).get<double>());
}

Json NumberOrNull(const std::optional<double>& number) {
  return number ? Json(*number) : Json();
}

}  // namespace

bool CheckpointFile::exists() const {
  return fs::exists(JsonPath());
}

fs::path CheckpointFile::TensorPath(std::size_t step) const {
  return folder_ / (kTensorPrefix + std::to_string(step) + kTensorSuffix);
}

void CheckpointFile::Save(const TrainProgress& progress,
                          const std::vector<StateTensor>& state) const {
  std::vector<MemoryTensor> tensors;
  tensors.reserve(state.size());
  for (const StateTensor& tensor : state) {
    tensors.push_back({tensor.name, tensor.shape, tensor.values, nullptr});
  }
  const fs::path path = TensorPath(progress.step);
  WriteSafetensors(MemoryWeights(std::move(tensors), path), path);
  Write(progress, path.filename().string());
  RemoveTensorsBut(path);
}

void CheckpointFile::SaveBeginning(const TrainProgress& progress) const {
  Write(progress, "");
}

void CheckpointFile::SaveDone(const TrainProgress& progress) const {
  Write(progress, "");
  RemoveTensorsBut({});
}

void CheckpointFile::Write(const TrainProgress& progress, const std::string& tensor_file) const {
  const Json json = {{"step", progress.step},
                     {"is_done", progress.is_done},
                     {"tensors", tensor_file},
                     {"best_f1", NumberOrNull(progress.best_f1)},
                     {"best_exact", NumberOrNull(progress.best_exact)},
                     {"best_step", progress.best_step},
                     {"evaluations_since_best", progress.evaluations_since_best},
                     {"conditions", progress.conditions}};
  WriteFileDurably(JsonPath(), json.dump(2) + "\n");
}

void CheckpointFile::RemoveTensorsBut(const fs::path& kept) const {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kTensorPrefix) && entry.path() != kept) {
      std::error_code ignored;  // what cannot be removed does no harm
      fs::remove(entry.path(), ignored);
    }
  }
}

TrainProgress CheckpointFile::LoadProgress() const {
  const std::string text = ReadFile(JsonPath());
  try {
    const Json json = Json::parse(text);
    TrainProgress progress;
    json.at("step").get_to(progress.step);
    json.at("is_done").get_to(progress.is_done);
    progress.best_f1 = OptionalNumber(json, "best_f1");
    progress.best_exact = OptionalNumber(json, "best_exact");
    json.at("best_step").get_to(progress.best_step);
    json.at("evaluations_since_best").get_to(progress.evaluations_since_best);
    json.at("conditions").get_to(progress.conditions);
    return progress;
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kMalformed, JsonPath().string() + ": not a checkpoint: " + error.what());
  }
}

void CheckpointFile::RemoveStale(const TrainProgress& progress) const {
  RemoveTensorsBut(progress.is_done ? fs::path() : TensorPath(progress.step));
}

void CheckpointFile::LoadState(const std::vector<StateTensor>& state) const {
  const fs::path path = TensorPath(LoadProgress().step);
  const std::unique_ptr<const WeightsFile> file = OpenSafetensors(path);
  std::map<std::string, std::size_t> places;
  for (std::size_t index = 0; index < file->entries().size(); ++index) {
    places[file->entries()[index].name] = index;
  }
  for (const StateTensor& tensor : state) {
    const auto found = places.find(tensor.name);
    const TensorEntry* const entry =
        found == places.end() ? nullptr : &file->entries()[found->second];
    if (entry == nullptr || entry->shape != tensor.shape || entry->dtype != DType::kFloat32) {
      throw Error(ErrorCode::kMalformed, path.string() + ": tensor \"" + tensor.name +
                                             "\": float32 of shape " + ToString(tensor.shape) +
                                             " is expected");
    }
    const TensorBytes data = file->Read(found->second);
    std::memcpy(tensor.values.data(), data.bytes.data(), data.bytes.size());
  }
}

}  // namespace bertqa
