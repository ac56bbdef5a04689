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

/// The first that is there of `model.safetensors`, `model.safetensors.index.json` (several files),
/// `model.pt`, `pytorch_model.bin`, `pytorch_model.bin.index.json`: what OpenWeights opens.
/// Throws Error{kUnreadable} if there is none.
std::filesystem::path FindWeights(const std::filesystem::path& directory);

/// Throws Error{kMalformed} unless `vocab.txt` has as many pieces as `config.json` says.
void RequireVocabularySize(const std::filesystem::path& vocabulary_file, std::size_t pieces,
                           const EncoderConfig& config);

}  // namespace bertqa
