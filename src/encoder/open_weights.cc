#include "encoder/open_weights.h"

#include <unistd.h>

#include <string_view>

#include "base/files.h"
#include "bertqa/error.h"
#include "encoder/legacy_reader.h"
#include "encoder/safetensors_reader.h"
#include "encoder/shard_index.h"
#include "encoder/sharded_weights.h"
#include "encoder/torchscript_reader.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kZipMagic = "PK\x03\x04";
constexpr std::string_view kTarMagic = "ustar";
constexpr std::size_t kTarMagicOffset = 257;

bool IsIndex(const fs::path& path) {
  return path.filename().string().ends_with(".index.json");
}

/// The first bytes of a file, as far as it has them.
std::string FirstBytes(const fs::path& path) {
  const Descriptor file = OpenRegularFile(path);
  std::string bytes(kTarMagicOffset + kTarMagic.size(), '\0');
  const ssize_t count = ::pread(file.value(), bytes.data(), bytes.size(), 0);
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));  // the reader says why not
  return bytes;
}

}  // namespace

std::unique_ptr<WeightsFile> OpenWeights(const fs::path& path) {
  return IsIndex(path) ? OpenShardedWeights(path) : OpenOneWeightsFile(path);
}

std::vector<fs::path> WeightsFiles(const fs::path& path) {
  std::vector<fs::path> files = {path};
  if (IsIndex(path)) {
    for (const std::string& name : ReadShardIndex(path).files) {
      files.push_back(path.parent_path() / name);
    }
  }
  return files;
}

std::unique_ptr<WeightsFile> OpenOneWeightsFile(const fs::path& path) {
  const std::string first = FirstBytes(path);
  if (StartsAsLegacyTorch(std::as_bytes(std::span(first)))) {
    return OpenLegacyTorch(path);
  }
  if (first.size() > kTarMagicOffset && first.substr(kTarMagicOffset) == kTarMagic) {
    throw Error(ErrorCode::kUnsupported,
                path.string() +
                    ": a tar archive, as the first versions of PyTorch wrote, is not read; load it "
                    "with PyTorch and save it again");
  }
  if (path.extension() == ".pt" || path.extension() == ".bin" || first.starts_with(kZipMagic)) {
    return OpenTorchArchive(path);
  }
  return OpenSafetensors(path);
}

}  // namespace bertqa
