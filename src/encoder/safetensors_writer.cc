#include "encoder/safetensors_writer.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/staged_file.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kAlignment = 8;  // of the data, as the reference implementation writes it

/// A tensor as it is stored, and where its elements come from.
struct StoredTensor {
  TensorEntry entry;
  std::function<TensorBytes()> read;
};

std::string Header(const std::vector<StoredTensor>& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};  // transformers insists on it
  std::size_t begin = 0;
  for (const auto& [entry, read] : tensors) {
    const std::size_t end = begin + ElementCount(entry.shape) * SizeOf(entry.dtype);
    header[entry.name] = {{"dtype", SafetensorsName(entry.dtype)},
                          {"shape", entry.shape},
                          {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

/// Wider types come first, so that all are aligned.
std::vector<StoredTensor> FileOrder(const std::vector<StoredTensor>& tensors) {
  std::vector<StoredTensor> ordered;
  ordered.reserve(tensors.size());
  for (const std::size_t width : {8U, 4U, 2U, 1U}) {
    std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(ordered),
                 [&](const StoredTensor& tensor) { return SizeOf(tensor.entry.dtype) == width; });
  }
  return ordered;
}

void Write(const std::vector<StoredTensor>& unordered, const std::filesystem::path& path) {
  const std::vector<StoredTensor> tensors = FileOrder(unordered);
  const std::string header = Header(tensors);
  const std::uint64_t header_size = header.size();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&header_size), sizeof header_size);  // little-endian
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  for (const StoredTensor& tensor : tensors) {
    const TensorBytes data = tensor.read();
    file.write(reinterpret_cast<const char*>(data.bytes.data()),
               static_cast<std::streamsize>(data.bytes.size()));
  }
  file.close();
  if (!file) {
    throw Error(ErrorCode::kUnwritable, path.string() + ": cannot write: " + std::strerror(errno));
  }
}

}  // namespace

void WriteSafetensors(const Checkpoint& checkpoint, StoredPrecision precision,
                      const std::filesystem::path& path) {
  std::vector<StoredTensor> tensors;
  tensors.reserve(checkpoint.tensors().size());
  for (const ExpectedTensor& tensor : checkpoint.tensors()) {
    const DType dtype = StoredAs(checkpoint.dtype(tensor.name), precision);
    tensors.push_back({{tensor.name, dtype, tensor.shape},
                       [&] { return ReadAs(checkpoint, tensor.name, precision); }});
  }
  Write(tensors, path);
}

void WriteSafetensors(const WeightsFile& weights, const std::filesystem::path& path) {
  std::vector<StoredTensor> tensors;
  tensors.reserve(weights.entries().size());
  for (std::size_t index = 0; index < weights.entries().size(); ++index) {
    tensors.push_back(
        {weights.entries()[index], [&weights, index] { return weights.Read(index); }});
  }
  std::filesystem::path part = path;
  part += ".part";
  try {
    Write(tensors, part);
    CommitFile(part, path);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    throw;
  }
}

}  // namespace bertqa
