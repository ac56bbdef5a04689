#include "model/convert.h"

#include "base/files.h"
#include "bertqa/error.h"
#include "bertqa/model.h"
#include "encoder/open_weights.h"
#include "encoder/safetensors_writer.h"
#include "model/directory.h"
#include "model/model_files.h"
#include "torchscript/torchscript_writer.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

/// The files that a conversion reads, all known to be there.
struct SourceFiles {
  fs::path directory;  // where bertqa.json and README.md would be
  fs::path weights;
  fs::path config;
  fs::path vocabulary;
};

SourceFiles FilesOf(const fs::path& directory) {
  RequireModelDirectory(directory);
  return {.directory = directory,
          .weights = FindWeights(directory),
          .config = directory / "config.json",
          .vocabulary = directory / "vocab.txt"};
}

SourceFiles FilesOf(const ImportSource& source) {
  SourceFiles files;
  if (fs::is_directory(source.weights)) {
    files = FilesOf(source.weights);
  } else {
    const fs::path beside = source.weights.parent_path();
    files = {.directory = beside,
             .weights = source.weights,
             .config = beside / "config.json",
             .vocabulary = beside / "vocab.txt"};
  }
  if (!source.config.empty()) {
    files.config = source.config;
  }
  if (!source.vocabulary.empty()) {
    files.vocabulary = source.vocabulary;
  }
  return files;
}

void WriteWeights(const Checkpoint& checkpoint, const ConvertOptions& options,
                  const fs::path& directory) {
  if (options.format == WeightsFormat::kSafetensors) {
    WriteSafetensors(checkpoint, options.precision, directory / "model.safetensors");
  } else {
    WriteTorchScript(checkpoint, options.precision, directory / "model.pt");
  }
}

void Convert(const SourceFiles& source, const fs::path& target, const ConvertOptions& options) {
  StagedDirectory staged(target, options.overwrite);
  const fs::path& out = staged.path();
  ModelFiles files = ReadModelFiles(source.config, source.vocabulary);
  const Checkpoint checkpoint(files.config, OpenWeights(source.weights));
  if (options.precision == StoredPrecision::kFloat16) {
    files.configuration = WithDType(files.configuration, DType::kFloat16);
  }
  files.notes = ReadModelNotes(source.directory);
  WriteModelFiles(files, out);
  if (Exists(source.directory / "README.md")) {
    WriteFileAtomically(out / "README.md", ReadFile(source.directory / "README.md"));
  }
  WriteWeights(checkpoint, options, out);
  LoadModel(out);
  staged.Commit();
}

}  // namespace

void ImportModel(const ImportSource& source, const fs::path& target,
                 const ConvertOptions& options) {
  Convert(FilesOf(source), target, options);
}

void ExportModel(const fs::path& directory, const fs::path& target, const ConvertOptions& options) {
  Convert(FilesOf(directory), target, options);
}

}  // namespace bertqa
