#include "train/output.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/files.h"
#include "base/staged_file.h"
#include "bertqa/error.h"
#include "encoder/memory_weights.h"
#include "model/trained_model.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

constexpr auto kFilesOfRun = std::to_array<const char*>(
    {"tokenizer.json", "special_tokens_map.json", "vocab.json", "merges.txt", "spiece.model",
     "spm.model", "sentencepiece.bpe.model", "model.safetensors", "config.json", "vocab.txt",
     "tokenizer_config.json", "bertqa.json", "log.jsonl", "learning-curve.svg",
     "teacher-logits.safetensors"});
constexpr const char* kStagingName = "model";  // of the folder that becomes a model's files

/// True for what a run writes into its folder.
bool IsOfRun(const std::string& name) {
  return name.starts_with("checkpoint") ||
         std::find(kFilesOfRun.begin(), kFilesOfRun.end(), name) != kFilesOfRun.end();
}

/// True for what a run that was killed had not yet renamed into what it was to become.
bool IsUnfinished(const std::string& name) {
  const std::size_t end = std::min(name.rfind(".tmp"), name.rfind(".part"));
  return end != std::string::npos &&
         (IsOfRun(name.substr(0, end)) || name.substr(0, end) == kStagingName);
}

void RemoveFrom(const fs::path& output, bool (*is_removed)(const std::string& name)) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(output)) {
    if (is_removed(entry.path().filename().string())) {
      found.push_back(entry.path());
    }
  }
  for (const fs::path& path : found) {
    fs::remove_all(path);
  }
}

/// Keeps other processes from training into it.
Descriptor LockFolder(const fs::path& folder) {
  Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.value() < 0) {
    throw Error(ErrorCode::kUnwritable,
                folder.string() + ": cannot write: " + std::generic_category().message(errno));
  }
  LockForWriting(opened, folder.string());
  return opened;
}

}  // namespace

void CheckOutput(const TrainPaths& paths) {
  const CheckpointFile checkpoint(paths.output);
  if (paths.resume && paths.overwrite) {
    throw Error(ErrorCode::kUsage, "--resume and --overwrite contradict each other");
  }
  if (paths.resume && !checkpoint.exists()) {
    throw Error(ErrorCode::kUsage,
                "--resume: " + paths.output.string() + " holds no checkpoint to go on from");
  }
  if (!paths.resume && !paths.overwrite && fs::exists(paths.output)) {
    throw Error(ErrorCode::kUsage, paths.output.string() +
                                       ": exists; --resume goes on with a run, --overwrite "
                                       "replaces it");
  }
}

Descriptor ClaimOutput(const TrainPaths& paths) {
  CheckOutput(paths);
  try {
    fs::create_directories(paths.output);
    Descriptor lock = LockFolder(paths.output);
    RemoveFrom(paths.output, &IsUnfinished);
    if (paths.overwrite) {
      RemoveFrom(paths.output, &IsOfRun);
    }
    return lock;
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::kUnwritable,
                paths.output.string() + ": cannot write: " + error.code().message());
  }
}

Checkpoint ViewWeights(const EncoderConfig& config, const std::vector<StateTensor>& state) {
  std::vector<MemoryTensor> tensors;
  for (const ExpectedTensor& expected : ExpectedTensors(config)) {
    for (const StateTensor& tensor : state) {
      if (tensor.name == expected.name) {
        tensors.push_back({tensor.name, tensor.shape, tensor.values, nullptr});
      }
    }
  }
  return {config, std::make_unique<MemoryWeights>(std::move(tensors), "the trained weights")};
}

void ReplaceModelFiles(const fs::path& base, const Checkpoint& weights, const ModelNotes& notes,
                       const fs::path& output) {
  StagedDirectory staged(output / kStagingName, /*overwrite=*/true);
  WriteTrainedModel(base, weights, notes, StoredPrecision::kAsIs, staged.path());
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(staged.path())) {
    files.push_back(entry.path());
  }
  for (const fs::path& file : files) {
    CommitFile(file, output / file.filename());
  }
}

ModelNotes NotesOf(const TrainRun& run, const EvalReport* report) {
  ModelNotes notes = run.base.notes;
  notes.defaults = {};
  notes.defaults.no_answer = run.trains_no_answer;
  if (report == nullptr) {
    return notes;
  }
  if (run.dev->has_unanswerable()) {
    notes.defaults.null_threshold = (*report)["best_f1_thresh"];
  }
  notes.defaults.temperature = run.dev->FitTemperature(notes.defaults.null_threshold);
  return notes;
}

}  // namespace bertqa
