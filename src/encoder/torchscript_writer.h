#pragma once

#include <filesystem>

#include "encoder/precision.h"

namespace bertqa {

/// Writes a TorchScript archive that `torch.jit.load` runs in Python and C++: `(input_ids,
/// attention_mask, token_type_ids)` → `(start_logits, end_logits)`, int64 [B, T] in, float [B, T]
/// out, in the weights' type. Parameters have their Hugging Face names.
/// Written in place: give it a path in a StagedDirectory.
/// Throws Error{kUnwritable}; kMalformed or kUnsupported as Checkpoint::Read and ReadAs.
void WriteTorchScript(const Checkpoint& checkpoint, StoredPrecision precision,
                      const std::filesystem::path& path);

}  // namespace bertqa
