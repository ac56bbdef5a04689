#pragma once

#include <filesystem>
#include <memory>

#include "encoder/weights.h"

namespace bertqa {

/// Opens weights that lie in several files, by the index that names them (ReadShardIndex), as one.
/// Each file is opened once, as OpenWeights does, and stays mapped; no tensor is copied for it.
/// Every tensor must be in the file that the index says, and in no other; the files hold no more.
/// Throws as ReadShardIndex and as OpenWeights for each file; Error{kMalformed} that names the file
/// and the tensor that is missing or too much.
std::unique_ptr<WeightsFile> OpenShardedWeights(const std::filesystem::path& index);

}  // namespace bertqa
