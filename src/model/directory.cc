#include "model/directory.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/json_text.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;
// Safetensors first, as transformers does; of a form, the single file before the index of several.
constexpr std::array<const char*, 5> kWeightsNames = {
    "model.safetensors", "model.safetensors.index.json", "model.pt", "pytorch_model.bin",
    "pytorch_model.bin.index.json"};

/// Assigns `notes[key]` to `target` if it is there.
template <typename Value>
void Assign(const Json& notes, const char* key, const fs::path& path, const char* expectation,
            Value& target) {
  const auto found = notes.find(key);
  if (found == notes.end()) {
    return;
  }
  const bool right_type = std::is_same_v<Value, bool>     ? found->is_boolean()
                          : std::is_same_v<Value, double> ? found->is_number()
                                                          : found->is_string();
  if (!right_type) {
    throw Error(ErrorCode::kMalformed, path.string() + ": \"" + key + "\": " + expectation +
                                           " is expected, not " + found->dump());
  }
  target = found->template get<Value>();
}

}  // namespace

ModelNotes ReadModelNotes(const fs::path& directory) {
  const fs::path path = directory / "bertqa.json";
  if (!Exists(path)) {
    return {};
  }
  const Json json = Json::parse(ReadJsonText(path), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    throw Error(ErrorCode::kMalformed, path.string() + ": a JSON object is expected");
  }
  double version = kFormatVersion;
  Assign(json, "format_version", path, "a number", version);
  if (version > kFormatVersion) {
    throw Error(ErrorCode::kUnsupported, path.string() + ": \"format_version\": at most " +
                                             std::to_string(kFormatVersion) + " is expected, not " +
                                             json["format_version"].dump());
  }
  ModelNotes notes;
  Assign(json, "no_answer", path, "true or false", notes.defaults.no_answer);
  Assign(json, "null_threshold", path, "a number", notes.defaults.null_threshold);
  Assign(json, "temperature", path, "a number", notes.defaults.temperature);
  Assign(json, "licence", path, "a string", notes.licence);
  if (!(notes.defaults.temperature > 0)) {
    throw Error(ErrorCode::kMalformed, path.string() +
                                           ": \"temperature\": a number above 0 is expected, not " +
                                           json["temperature"].dump());
  }
  return notes;
}

std::string FormatModelNotes(const ModelNotes& notes) {
  const Json json = {{"format_version", kFormatVersion},
                     {"licence", notes.licence},
                     {"no_answer", notes.defaults.no_answer},
                     {"null_threshold", notes.defaults.null_threshold},
                     {"temperature", notes.defaults.temperature}};
  return json.dump(2) + "\n";
}

void RequireModelDirectory(const fs::path& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (!fs::exists(status)) {
    throw Error(ErrorCode::kUnreadable, directory.string() + ": no such model directory");
  }
  if (!fs::is_directory(status)) {
    throw Error(ErrorCode::kUnreadable,
                directory.string() + ": a model directory is expected, not a file");
  }
}

std::string ModelName(const fs::path& directory) {
  const fs::path normal = fs::absolute(directory).lexically_normal();
  return normal.has_filename() ? normal.filename().string()
                               : normal.parent_path().filename().string();
}

fs::path FindWeights(const fs::path& directory) {
  for (const char* name : kWeightsNames) {
    if (Exists(directory / name)) {
      return directory / name;
    }
  }
  throw Error(ErrorCode::kUnreadable,
              directory.string() +
                  ": no weights: model.safetensors, model.pt or pytorch_model.bin is expected, or "
                  "the index of one in several files");
}

void RequireVocabularySize(const fs::path& vocabulary_file, std::size_t pieces,
                           const EncoderConfig& config) {
  if (pieces != config.vocabulary_size) {
    throw Error(ErrorCode::kMalformed, vocabulary_file.string() + ": " + std::to_string(pieces) +
                                           " pieces; config.json's \"vocab_size\" is " +
                                           std::to_string(config.vocabulary_size));
  }
}

}  // namespace bertqa
