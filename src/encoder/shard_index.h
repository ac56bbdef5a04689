#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace bertqa {

/// What a `model.safetensors.index.json` or `pytorch_model.bin.index.json` says: which file beside
/// it holds which tensor.
struct ShardIndex {
  std::vector<std::string> files;  ///< each once, in the order in which they are first named
  /// Tensors by name, unique, with the index of their file.
  std::vector<std::pair<std::string, std::size_t>> tensors;
};

/// Reads the "weight_map" of an index; the rest of it, such as the total size, decides nothing.
/// Memory grows with the file's size, which is bounded, never with what the file says.
/// Throws Error{kUnreadable}, or Error{kMalformed}: no JSON, nested deeper than 16 levels, no
/// "weight_map", a name twice, a file that is no plain name ("../x", "/x", "a/x").
ShardIndex ReadShardIndex(const std::filesystem::path& path);

}  // namespace bertqa
