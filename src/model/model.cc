#include "bertqa/model.h"

#include <algorithm>

#include "bertqa/error.h"
#include "encoder/open_weights.h"
#include "model/build_model.h"
#include "model/directory.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

/// "float16", or "mixed" if the tensors differ.
std::string StoredDType(const Checkpoint& checkpoint) {
  const DType first = checkpoint.dtype(checkpoint.tensors().front().name);
  for (const ExpectedTensor& tensor : checkpoint.tensors()) {
    if (checkpoint.dtype(tensor.name) != first) {
      return "mixed";
    }
  }
  return std::string(NameOf(first));
}

std::size_t CountParameters(const Checkpoint& checkpoint) {
  std::size_t count = 0;
  for (const ExpectedTensor& tensor : checkpoint.tensors()) {
    count += ElementCount(tensor.shape);
  }
  return count;
}

std::vector<ModelInfo::File> ListFiles(const fs::path& directory) {
  std::vector<ModelInfo::File> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    std::error_code ignored;  // a link to itself is no file of the model
    if (entry.is_regular_file(ignored)) {
      files.push_back({.name = entry.path().filename().string(), .size_bytes = entry.file_size()});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const auto& left, const auto& right) { return left.name < right.name; });
  return files;
}

/// The parts of a directory, checked against each other, before the encoder is built.
struct OpenedModel {
  LoadedTokenizer tokenizer;
  Checkpoint checkpoint;
  ModelNotes notes;
};

OpenedModel Open(const fs::path& directory) {
  RequireModelDirectory(directory);
  const EncoderConfig config = ReadEncoderConfig(directory / "config.json");
  const fs::path weights = FindWeights(directory);
  return {.tokenizer = ReadTokenizerOf(directory, config),
          .checkpoint = Checkpoint(config, OpenWeights(weights)),
          .notes = ReadModelNotes(directory)};
}

/// Names the tensors of other heads in the weights, the first of them.
std::vector<std::string> WarningsAbout(const Checkpoint& checkpoint) {
  constexpr std::size_t kMaxNamed = 3;
  const std::vector<std::string> names = checkpoint.other_heads();
  if (names.empty()) {
    return {};
  }
  std::string text = checkpoint.file().path().string() + ": not used: " + names[0];
  for (std::size_t index = 1; index < std::min(names.size(), kMaxNamed); ++index) {
    text += ", " + names[index];
  }
  if (names.size() > kMaxNamed) {
    text += " and " + std::to_string(names.size() - kMaxNamed) + " more";
  }
  return {text};
}

}  // namespace

Model LoadModel(const fs::path& directory, const LoadOptions& options) {
  OpenedModel opened = Open(directory);
  Model model = BuildModel(std::move(opened.tokenizer.tokenizer), opened.checkpoint,
                           opened.notes.defaults, options, ModelName(directory));
  model.warnings = WarningsAbout(opened.checkpoint);
  return model;
}

fs::path FindModel(const std::string& directory_or_name,
                   const std::vector<fs::path>& search_roots) {
  std::error_code error;
  if (fs::is_directory(directory_or_name, error)) {
    return directory_or_name;
  }
  std::string places = "\"" + directory_or_name + "\" (no such directory)";
  const fs::path name = directory_or_name;
  // A name stays below its root: "ORG/NAME", never "../x".
  bool is_name = !name.empty() && name.is_relative();
  for (const fs::path& part : name) {
    is_name = is_name && part != ".." && part != ".";
  }
  for (const fs::path& root : search_roots) {
    if (is_name && fs::is_directory(root / name, error)) {
      return root / name;
    }
    places += ", " + (root / (is_name ? name : fs::path())).string();
  }
  throw Error(ErrorCode::kUnreadable,
              "model \"" + directory_or_name + "\": not found; looked for " + places);
}

ModelInfo ReadModelInfo(const fs::path& directory) {
  const OpenedModel opened = Open(directory);
  const EncoderConfig& config = opened.checkpoint.config();
  return {.family = std::string(TraitsOf(config.family).model_type),
          .tokenizer = opened.tokenizer.description,
          .weights_file = opened.checkpoint.file().path().filename().string(),
          .weights_dtype = StoredDType(opened.checkpoint),
          .licence = opened.notes.licence,
          .layers = config.layers,
          .hidden_size = config.hidden_size,
          .attention_heads = config.attention_heads,
          .intermediate_size = config.intermediate_size,
          .vocabulary_size = config.vocabulary_size,
          .max_window_tokens = config.max_window_tokens(),
          .parameters = CountParameters(opened.checkpoint),
          .files = ListFiles(directory),
          .defaults = opened.notes.defaults};
}

}  // namespace bertqa
