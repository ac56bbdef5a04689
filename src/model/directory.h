#pragma once

#include <filesystem>
#include <string>

#include "bertqa/model.h"
#include "encoder/checkpoint.h"

namespace bertqa {

/// What `bertqa.json` says; defaults where there is no such file.
struct ModelNotes {
  ModelDefaults defaults;
  std::string licence;
};

/// Reads `bertqa.json`. Unknown keys are passed over, so that later versions may add some.
/// Throws Error{kMalformed} for a value of the wrong type, Error{kUnsupported} for a later
/// format_version.
ModelNotes ReadModelNotes(const std::filesystem::path& directory);

/// The text of a `bertqa.json`.
std::string FormatModelNotes(const ModelNotes& notes);

/// Throws Error{kUnreadable} unless `directory` is one.
void RequireModelDirectory(const std::filesystem::path& directory);

/// The directory's own name, also of "." and "models/x/".
std::string ModelName(const std::filesystem::path& directory);

/// `model.safetensors`, else `model.pt`, else `pytorch_model.bin`.
/// Throws Error{kUnreadable} if there is none, Error{kUnsupported} for weights in several files.
std::filesystem::path FindWeights(const std::filesystem::path& directory);

/// Opens a weights file: a PyTorch archive if it begins as a zip file does or is named `.pt` or
/// `.bin`, else safetensors.
std::unique_ptr<const WeightsFile> OpenWeights(const std::filesystem::path& path);

/// Throws Error{kMalformed} unless `vocab.txt` has as many pieces as `config.json` says.
void RequireVocabularySize(const std::filesystem::path& vocabulary_file, std::size_t pieces,
                           const BertConfig& config);

}  // namespace bertqa
