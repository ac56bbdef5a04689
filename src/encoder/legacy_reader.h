#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "encoder/weights.h"

namespace bertqa {

/// True if `bytes` begin as PyTorch's legacy form does.
bool StartsAsLegacyTorch(std::span<const std::byte> bytes);

/// Opens a state dict in the form that `torch.save` wrote before version 1.6: pickles of a magic
/// number, the form's version, the writer's machine, the dict and the keys of its storages; then
/// the storages, each its number of elements and the elements. The same restricted unpickler as for
/// archives (OpenTorchArchive) reads them: tensors only, nothing is run.
/// Throws Error{kUnreadable, kMalformed, kUnsupported} that names the file and what is wrong.
std::unique_ptr<WeightsFile> OpenLegacyTorch(const std::filesystem::path& path);

}  // namespace bertqa
