#pragma once

#include <filesystem>

#include "encoder/precision.h"

namespace bertqa {

/// Writes a TorchScript archive that `torch.jit.load` runs in Python and C++: `(input_ids,
/// attention_mask, token_type_ids)` → `(start_logits, end_logits)`, int64 [B, T] in, float [B, T]
/// out, in the weights' type. Parameters have their Hugging Face names.
/// Written in place: give it a path in a StagedDirectory.
/// The only thing that needs libtorch, which is loaded here and not before.
/// Throws Error{kUnwritable}; kMalformed or kUnsupported as Checkpoint::Read and ReadAs;
/// kUnsupported if libtorch's module is not there.
void WriteTorchScript(const Checkpoint& checkpoint, StoredPrecision precision,
                      const std::filesystem::path& path);

}  // namespace bertqa
