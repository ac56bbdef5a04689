#pragma once

#include <filesystem>
#include <memory>

#include "encoder/weights.h"

namespace bertqa {

/// Opens a safetensors file: an 8-byte header length, a JSON header, then the data. As strict as
/// the format's own reference: every byte of the data belongs to exactly one tensor. A string in
/// the metadata whose key is no tensor and whose value is one makes the key an alias of it.
/// Throws Error{kUnreadable}, or Error{kMalformed} that names the tensor and what is wrong.
std::unique_ptr<WeightsFile> OpenSafetensors(const std::filesystem::path& path);

}  // namespace bertqa
