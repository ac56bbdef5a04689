#pragma once

#include <filesystem>

#include "encoder/precision.h"

namespace bertqa {

/// Writes a checkpoint's tensors under their Hugging Face names, one after the other, so that no
/// more than one is held in memory. Written in place: give it a path in a StagedDirectory.
/// Throws Error{kUnwritable}; kMalformed or kUnsupported as Checkpoint::Read and ReadAs.
void WriteSafetensors(const Checkpoint& checkpoint, StoredPrecision precision,
                      const std::filesystem::path& path);

/// The same of any tensors, as they are; staged at `path`.part, and it outlasts a power loss.
void WriteSafetensors(const WeightsFile& weights, const std::filesystem::path& path);

}  // namespace bertqa
