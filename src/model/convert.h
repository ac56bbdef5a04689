#pragma once

#include <filesystem>

namespace bertqa {

enum class ExportFormat {
  kSafetensors,  ///< a checkpoint folder that transformers loads
  kTorchScript,  ///< an archive that torch.jit.load runs, beside its configuration
};

struct ImportOptions {
  std::filesystem::path config_file;      ///< of an archive; empty: `config.json` beside it
  std::filesystem::path vocabulary_file;  ///< of an archive; empty: `vocab.txt` beside it
  bool half = false;                      ///< store the weights in half precision
};

/// Makes a model directory in `target` (an empty folder, e.g. a StagedDirectory's) from a
/// checkpoint folder or a TorchScript archive, and checks it by loading it.
/// Throws Error{kUnreadable, kMalformed, kUnsupported, kUnwritable} that names the file.
void ImportModel(const std::filesystem::path& source, const std::filesystem::path& target,
                 const ImportOptions& options);

/// Writes the model in `model_directory` for other programs into `target` (an empty folder).
void ExportModel(const std::filesystem::path& model_directory, const std::filesystem::path& target,
                 ExportFormat format);

}  // namespace bertqa
