#include "encoder/torchscript_reader.h"

#include "bertqa/error.h"
#include "encoder/mapped_file.h"
#include "encoder/pickle_reader.h"
#include "encoder/tensor_view.h"
#include "encoder/zip_archive.h"

namespace bertqa {
namespace {

std::string RecordOf(const TensorView& view) {
  return "data/" + view.key;
}

class TorchArchive : public WeightsFile {
 public:
  explicit TorchArchive(const std::filesystem::path& path);

  const std::vector<TensorEntry>& entries() const override { return entries_; }
  const std::filesystem::path& path() const override { return path_; }
  TensorBytes Read(std::size_t entry_index) const override;

 private:
  std::string ReadText(const std::string& name) const;
  void RequireLittleEndian() const;
  void AddTensor(const std::string& name, const PickleTensor& tensor);

  std::filesystem::path path_;
  ZipArchive archive_;
  std::vector<TensorEntry> entries_;
  std::vector<TensorView> views_;  // [entries]
};

TorchArchive::TorchArchive(const std::filesystem::path& path)
    : path_(path), archive_(std::make_shared<const MappedFile>(path)) {
  if (!archive_.Has("data.pkl")) {
    Fail("a PyTorch archive is expected, but it has no data.pkl");
  }
  RequireLittleEndian();
  const std::string place = path.string() + ": data.pkl";
  const PickleDocument document = ReadPickle(ReadText("data.pkl"), place);
  for (const NamedTensor& tensor : CollectTensors(document, place)) {
    AddTensor(tensor.name, *tensor.tensor);
  }
}

std::string TorchArchive::ReadText(const std::string& name) const {
  const std::size_t size = archive_.SizeOf(name);
  if (size > kMaxPickleBytes) {
    Fail("record " + name + " has " + std::to_string(size) + " bytes; at most " +
         std::to_string(kMaxPickleBytes) + " are expected");
  }
  const ZipArchive::Bytes record = archive_.Read(name, ZipArchive::Checksum::kVerify);
  return {reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size()};
}

void TorchArchive::RequireLittleEndian() const {
  if (archive_.Has("byteorder") && ReadText("byteorder") != "little") {
    throw Error(ErrorCode::kUnsupported, path().string() + ": little-endian weights are expected");
  }
}

void TorchArchive::AddTensor(const std::string& name, const PickleTensor& tensor) {
  const std::string place = path().string() + ": tensor \"" + name + "\"";
  TensorView view = CheckView(tensor, place);
  const std::string record = RecordOf(view);
  const std::size_t record_size = archive_.SizeOf(record);
  if (record_size / SizeOf(view.dtype) < view.storage_elements) {
    Fail("tensor \"" + name + "\": record " + record + " has " + std::to_string(record_size) +
         " bytes, too few for " + std::to_string(view.storage_elements) + " elements of " +
         std::string(NameOf(view.dtype)));
  }
  entries_.push_back({.name = name, .dtype = view.dtype, .shape = view.shape});
  views_.push_back(std::move(view));
}

TensorBytes TorchArchive::Read(std::size_t entry_index) const {
  const TensorView& view = views_[entry_index];
  const ZipArchive::Bytes record = archive_.Read(RecordOf(view), ZipArchive::Checksum::kSkip);
  return Materialise(view, {.bytes = record.bytes, .owner = record.owner});
}

}  // namespace

std::unique_ptr<WeightsFile> OpenTorchArchive(const std::filesystem::path& path) {
  return std::make_unique<TorchArchive>(path);
}

}  // namespace bertqa
