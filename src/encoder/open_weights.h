#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "encoder/weights.h"

namespace bertqa {

/// Opens weights in whichever form they are: an index of several files if the name ends in
/// ".index.json", else as OpenOneWeightsFile.
std::unique_ptr<WeightsFile> OpenWeights(const std::filesystem::path& path);

/// The files that OpenWeights reads for `path`: itself and, of an index, those that it names.
/// Throws as ReadShardIndex.
std::vector<std::filesystem::path> WeightsFiles(const std::filesystem::path& path);

/// Opens one file of weights, told apart by its first bytes: a PyTorch archive (zip), a state dict
/// in PyTorch's legacy form, else safetensors; a file named `.pt` or `.bin` that is neither of the
/// first two is taken for a damaged archive.
/// Throws Error{kUnreadable, kMalformed, kUnsupported} as the readers do; Error{kUnsupported} for
/// the tar archive that the first versions of PyTorch wrote.
std::unique_ptr<WeightsFile> OpenOneWeightsFile(const std::filesystem::path& path);

}  // namespace bertqa
