#pragma once

#include <filesystem>

#include "encoder/precision.h"
#include "model/directory.h"

namespace bertqa {

/// Writes a model directory into `folder`, which exists (a StagedDirectory): `vocab.txt` and the
/// tokenizer's settings of `base_directory`, its `config.json` with the new head and type,
/// `bertqa.json` and `model.safetensors`. The base's README.md is not copied: it describes the
/// base. Throws Error{kUnreadable, kMalformed, kUnsupported} about the base, Error{kUnwritable},
/// Error{kUnsupported} if a weight is too large for float16.
void WriteTrainedModel(const std::filesystem::path& base_directory, const Checkpoint& weights,
                       const ModelNotes& notes, StoredPrecision precision,
                       const std::filesystem::path& folder);

}  // namespace bertqa
