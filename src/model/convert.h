#pragma once

#include <filesystem>

#include "encoder/precision.h"

namespace bertqa {

enum class WeightsFormat {
  kSafetensors,  ///< model.safetensors: a folder that transformers loads
  kTorchScript,  ///< model.pt: an archive that torch.jit.load runs
};

struct ConvertOptions {
  WeightsFormat format = WeightsFormat::kSafetensors;
  StoredPrecision precision = StoredPrecision::kAsIs;
  bool overwrite = false;  ///< replace a target that exists
};

/// Where a model to import lies. Empty paths are found beside the weights.
struct ImportSource {
  std::filesystem::path weights;  ///< a Hugging Face checkpoint folder, a model directory, or the
                                  ///< file of a TorchScript archive or of safetensors
  std::filesystem::path config = {};      ///< its config.json
  std::filesystem::path vocabulary = {};  ///< its vocab.txt; the tokenizer's settings lie beside it
};

/// Makes a model directory: weights, config.json, vocab.txt, tokenizer_config.json, bertqa.json
/// (and README.md, where there is one). A vocabulary that is only in `tokenizer.json` is taken from
/// there. Everything is checked, and the result is loaded once before it appears at `target`.
/// Throws Error{kUnreadable, kMalformed, kUnsupported} about the source, Error{kUsage} if the
/// target exists and may not be replaced, Error{kUnwritable} if it cannot be written.
void ImportModel(const ImportSource& source, const std::filesystem::path& target,
                 const ConvertOptions& options);

/// Writes the model in `directory` as a Hugging Face checkpoint folder or as a folder with a
/// TorchScript archive: the same files as ImportModel, so that either is a model directory again.
/// Errors as ImportModel.
void ExportModel(const std::filesystem::path& directory, const std::filesystem::path& target,
                 const ConvertOptions& options);

}  // namespace bertqa
