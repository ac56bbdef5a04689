#include "encoder/safetensors_writer.h"

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bertqa/error.h"

namespace bertqa {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kAlignment = 8;  // of the data, as the reference implementation writes it

/// The tensors in the order of the file: wider types first, so that all are aligned.
std::vector<ExpectedTensor> FileOrder(const Checkpoint& checkpoint, StoredPrecision precision) {
  std::vector<ExpectedTensor> tensors;
  for (const std::size_t width : {4U, 2U}) {
    for (const ExpectedTensor& tensor : checkpoint.tensors()) {
      if (SizeOf(StoredAs(checkpoint.dtype(tensor.name), precision)) == width) {
        tensors.push_back(tensor);
      }
    }
  }
  return tensors;
}

std::string Header(const Checkpoint& checkpoint, StoredPrecision precision,
                   const std::vector<ExpectedTensor>& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};  // transformers insists on it
  std::size_t begin = 0;
  for (const ExpectedTensor& tensor : tensors) {
    const DType dtype = StoredAs(checkpoint.dtype(tensor.name), precision);
    const std::size_t end = begin + ElementCount(tensor.shape) * SizeOf(dtype);
    header[tensor.name] = {
        {"dtype", SafetensorsName(dtype)}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

}  // namespace

void WriteSafetensors(const Checkpoint& checkpoint, StoredPrecision precision,
                      const std::filesystem::path& path) {
  const std::vector<ExpectedTensor> tensors = FileOrder(checkpoint, precision);
  const std::string header = Header(checkpoint, precision, tensors);
  const std::uint64_t header_size = header.size();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&header_size), sizeof header_size);  // little-endian
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  for (const ExpectedTensor& tensor : tensors) {
    const TensorBytes data = ReadAs(checkpoint, tensor.name, precision);
    file.write(reinterpret_cast<const char*>(data.bytes.data()),
               static_cast<std::streamsize>(data.bytes.size()));
  }
  file.close();
  if (!file) {
    throw Error(ErrorCode::kUnwritable, path.string() + ": cannot write: " + std::strerror(errno));
  }
}

}  // namespace bertqa
