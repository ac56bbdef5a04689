#include "encoder/torchscript_reader.h"

#include <c10/util/Exception.h>
#include <caffe2/serialize/inline_container.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "bertqa/error.h"
#include "encoder/mapped_file.h"
#include "encoder/pickle_reader.h"
#include "encoder/tensor_view.h"

namespace bertqa {
namespace {

constexpr std::size_t kMaxPickleBytes = std::size_t{64} << 20U;

/// Lets libtorch's zip reader read from a mapped file.
class MappedAdapter : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit MappedAdapter(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {}

  std::size_t size() const override { return file_->bytes().size(); }

  std::size_t read(std::uint64_t position, void* buffer, std::size_t count,
                   const char* /*what*/) const override {
    const std::size_t begin = std::min<std::size_t>(position, size());
    const auto part = file_->bytes().subspan(begin, std::min(count, size() - begin));
    std::copy(part.begin(), part.end(), static_cast<std::byte*>(buffer));
    return part.size();
  }

 private:
  std::shared_ptr<const MappedFile> file_;  // shared with the archive that made this adapter
};

class TorchArchive : public WeightsFile {
 public:
  explicit TorchArchive(const std::filesystem::path& path);

  const std::vector<TensorEntry>& entries() const override { return entries_; }
  const std::filesystem::path& path() const override { return file_->path(); }
  TensorBytes Read(std::size_t entry_index) const override;

 private:
  /// Runs `read` and turns libtorch's exceptions, which carry C++ backtraces, into ours.
  template <typename Function>
  auto Guarded(const std::string& what, const Function& read) const {
    try {
      return read();
    } catch (const c10::Error&) {
      Fail(what);
    }
  }
  std::size_t RecordSize(const std::string& name) const;
  /// The record where it lies in the mapping, which spares copying the weights; nothing if it is
  /// compressed or not aligned.
  std::optional<std::span<const std::byte>> MappedRecord(const std::string& name,
                                                         std::size_t alignment) const;
  std::string ReadText(const std::string& name) const;
  void RequireLittleEndian() const;
  void AddTensor(const std::string& name, const PickleTensor& tensor);

  std::shared_ptr<const MappedFile> file_;  // shared with the adapter inside reader_
  std::unique_ptr<caffe2::serialize::PyTorchStreamReader> reader_;
  std::vector<TensorEntry> entries_;
  std::vector<TensorView> views_;  // [entries]
};

TorchArchive::TorchArchive(const std::filesystem::path& path)
    : file_(std::make_shared<const MappedFile>(path)) {
  const std::string what =
      "a PyTorch archive (zip) is expected, but its directory is missing or damaged: the file is "
      "cut off or of another kind";
  reader_ = Guarded(what, [&] {
    return std::make_unique<caffe2::serialize::PyTorchStreamReader>(
        std::make_shared<MappedAdapter>(file_));
  });
  if (!Guarded(what, [&] { return reader_->hasRecord("data.pkl"); })) {
    Fail("a PyTorch archive is expected, but it has no data.pkl");
  }
  RequireLittleEndian();
  const std::string place = path.string() + ": data.pkl";
  const PickleDocument document = ReadPickle(ReadText("data.pkl"), place);
  for (const NamedTensor& tensor : CollectTensors(document, place)) {
    AddTensor(tensor.name, *tensor.tensor);
  }
}

std::size_t TorchArchive::RecordSize(const std::string& name) const {
  const auto size = Guarded("the archive's directory is damaged", [&] {
    return reader_->hasRecord(name) ? std::optional(reader_->getRecordSize(name)) : std::nullopt;
  });
  if (!size) {
    Fail("record " + name + " is missing");
  }
  if (*size > file_->bytes().size()) {  // PyTorch stores without compression
    Fail("record " + name + " claims " + std::to_string(*size) + " bytes, the whole file has " +
         std::to_string(file_->bytes().size()));
  }
  return *size;
}

std::string TorchArchive::ReadText(const std::string& name) const {
  std::string text(RecordSize(name), '\0');
  if (text.size() > kMaxPickleBytes) {
    Fail("record " + name + " has " + std::to_string(text.size()) + " bytes; at most " +
         std::to_string(kMaxPickleBytes) + " are expected");
  }
  Guarded("record " + name + " is damaged",
          [&] { return reader_->getRecord(name, text.data(), text.size()); });
  return text;
}

void TorchArchive::RequireLittleEndian() const {
  const bool named = Guarded("the archive's directory is damaged",
                             [&] { return reader_->hasRecord("byteorder"); });
  if (named && ReadText("byteorder") != "little") {
    throw Error(ErrorCode::kUnsupported, path().string() + ": little-endian weights are expected");
  }
}

void TorchArchive::AddTensor(const std::string& name, const PickleTensor& tensor) {
  const std::string place = path().string() + ": tensor \"" + name + "\"";
  TensorView view = CheckView(tensor, place);
  const std::size_t record_size = RecordSize(view.record);
  if (record_size / SizeOf(view.dtype) < view.storage_elements) {
    Fail("tensor \"" + name + "\": record " + view.record + " has " + std::to_string(record_size) +
         " bytes, too few for " + std::to_string(view.storage_elements) + " elements of " +
         std::string(NameOf(view.dtype)));
  }
  entries_.push_back({.name = name, .dtype = view.dtype, .shape = view.shape});
  views_.push_back(std::move(view));
}

TensorBytes TorchArchive::Read(std::size_t entry_index) const {
  const TensorView& view = views_[entry_index];
  if (const auto mapped = MappedRecord(view.record, SizeOf(view.dtype))) {
    return Materialise(view, {.bytes = *mapped, .owner = file_});
  }
  const std::size_t size = RecordSize(view.record);
  auto record = std::make_shared_for_overwrite<std::byte[]>(size);
  Guarded("record " + view.record + " is damaged",
          [&] { return reader_->getRecord(view.record, record.get(), size); });
  return Materialise(view, {.bytes = {record.get(), size}, .owner = record});
}

std::optional<std::span<const std::byte>> TorchArchive::MappedRecord(const std::string& name,
                                                                     std::size_t alignment) const {
  const std::string what = "record " + name + " is damaged";
  const std::span<const std::byte> bytes = file_->bytes();
  const std::size_t size = RecordSize(name);
  const std::size_t header = Guarded(what, [&] { return reader_->getRecordHeaderOffset(name); });
  // The compression method of a zip entry's local header (APPNOTE.TXT 4.3.7): 0 is none.
  constexpr std::size_t kMethodOffset = 8;
  std::uint16_t method = 0;
  if (header > bytes.size() || bytes.size() - header < kMethodOffset + sizeof method) {
    Fail(what);
  }
  std::memcpy(&method, bytes.data() + header + kMethodOffset, sizeof method);
  if (method != 0) {
    return std::nullopt;
  }
  const std::size_t begin = Guarded(what, [&] { return reader_->getRecordOffset(name); });
  if (begin > bytes.size() || size > bytes.size() - begin) {
    Fail(what);
  }
  const bool aligned = reinterpret_cast<std::uintptr_t>(bytes.data() + begin) % alignment == 0;
  return aligned ? std::optional(bytes.subspan(begin, size)) : std::nullopt;
}

}  // namespace

std::unique_ptr<WeightsFile> OpenTorchArchive(const std::filesystem::path& path) {
  return std::make_unique<TorchArchive>(path);
}

}  // namespace bertqa
