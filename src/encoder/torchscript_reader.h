#pragma once

#include <filesystem>
#include <memory>

#include "encoder/weights.h"

namespace bertqa {

/// Opens a PyTorch archive as weights: what `torch.jit.save` writes, or a state dict of
/// `torch.save`. Tensors are named by their path ("bert.encoder.layer.0.output.dense.weight").
/// The code in the archive is neither compiled nor run: only `data.pkl` is read, by a restricted
/// unpickler, and the records that its tensors view. The pickle's checksum is verified, those of
/// the tensors are not: that would take longer than reading them.
/// Throws Error{kUnreadable, kMalformed, kUnsupported} that names the file and what is wrong.
std::unique_ptr<WeightsFile> OpenTorchArchive(const std::filesystem::path& path);

}  // namespace bertqa
