#include "torchscript/torchscript_writer.h"

#include <array>
#include <vector>

#include "base/module_loader.h"
#include "bertqa/error.h"
#include "torchscript/module_interface.h"
#include "torchscript/torchscript_source.h"

namespace bertqa {
namespace {

constexpr std::size_t kMessageBytes = 1000;

WriteArchiveFunction LoadWriter() {
  static void* const symbol = LoadModuleSymbol({.file = kTorchScriptModuleName,
                                                .symbol = kWriteArchiveSymbol,
                                                .purpose = "write a TorchScript archive",
                                                .alternative = ", or write safetensors"});
  return reinterpret_cast<WriteArchiveFunction>(symbol);
}

/// A graph multiplies tensors of one type only.
void RequireOneType(const Checkpoint& checkpoint, StoredPrecision precision) {
  const ExpectedTensor& first = checkpoint.tensors().front();
  for (const ExpectedTensor& tensor : checkpoint.tensors()) {
    const DType dtype = StoredAs(checkpoint.dtype(tensor.name), precision);
    const DType expected = StoredAs(checkpoint.dtype(first.name), precision);
    if (dtype != expected) {
      throw Error(ErrorCode::kUnsupported,
                  checkpoint.file().path().string() + ": tensor \"" + tensor.name +
                      "\" is of type " + std::string(NameOf(dtype)) + ", \"" + first.name +
                      "\" of type " + std::string(NameOf(expected)) +
                      "; a TorchScript archive needs one type: convert to half precision");
    }
  }
}

ArchiveType ArchiveTypeOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return ArchiveType::kFloat16;
    case DType::kBFloat16:
      return ArchiveType::kBFloat16;
    default:
      return ArchiveType::kFloat32;
  }
}

/// The tensors as the module takes them, and what they view.
struct ArchiveTensors {
  std::vector<TensorBytes> data;
  std::vector<std::vector<std::int64_t>> sizes;
  std::vector<ArchiveTensor> tensors;
};

ArchiveTensors ReadTensors(const Checkpoint& checkpoint, StoredPrecision precision) {
  ArchiveTensors all;
  for (const ExpectedTensor& tensor : checkpoint.tensors()) {
    const TensorBytes& data = all.data.emplace_back(ReadAs(checkpoint, tensor.name, precision));
    const auto& sizes = all.sizes.emplace_back(tensor.shape.begin(), tensor.shape.end());
    all.tensors.push_back(
        {.name = tensor.name.c_str(),
         .data = data.bytes.data(),
         .sizes = sizes.data(),
         .rank = sizes.size(),
         .type = ArchiveTypeOf(StoredAs(checkpoint.dtype(tensor.name), precision))});
  }
  return all;
}

}  // namespace

void WriteTorchScript(const Checkpoint& checkpoint, StoredPrecision precision,
                      const std::filesystem::path& path) {
  RequireBert(checkpoint.config(), path.string() + ": TorchScript archive");
  RequireOneType(checkpoint, precision);
  const WriteArchiveFunction write = LoadWriter();
  const ArchiveTensors all = ReadTensors(checkpoint, precision);
  const std::string forward = TorchScriptForward(checkpoint.config());
  const ArchiveRequest request = {.path = path.c_str(),
                                  .class_name = "__torch__.BertQuestionAnswering",
                                  .forward = forward.c_str(),
                                  .tensors = all.tensors.data(),
                                  .tensor_count = all.tensors.size()};
  std::array<char, kMessageBytes> message = {};
  if (write(&request, message.data(), message.size()) != 0) {
    throw Error(ErrorCode::kUnwritable,
                path.string() + ": cannot write the archive: " + message.data());
  }
}

}  // namespace bertqa
