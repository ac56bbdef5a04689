#include "encoder/legacy_reader.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include "bertqa/error.h"
#include "encoder/mapped_file.h"
#include "encoder/pickle_reader.h"
#include "encoder/tensor_view.h"

namespace bertqa {
namespace {

// The whole first pickle: its number has ten bytes, more than a pickle's number may have elsewhere.
constexpr std::string_view kMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
constexpr std::int64_t kVersion = 1001;

std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A block of elements in the file.
struct Storage {
  DType dtype = DType::kFloat32;
  std::size_t element_count = 0;
  std::span<const std::byte> bytes;
  bool is_there = false;  ///< else only spoken of
};

class LegacyTorchFile : public WeightsFile {
 public:
  explicit LegacyTorchFile(const std::filesystem::path& path);

  const std::vector<TensorEntry>& entries() const override { return entries_; }
  const std::filesystem::path& path() const override { return file_->path(); }
  TensorBytes Read(std::size_t entry_index) const override;

 private:
  std::string Place(const char* part) const { return path().string() + ": " + part; }
  void RequireKnownForm(std::string_view& rest) const;
  void ListStorages(const PickleDocument& document);
  void FindStorages(const PickleDocument& keys, std::string_view rest);
  std::string_view TakeStorage(const std::string& key, Storage& storage, std::string_view rest);
  void AddTensor(const NamedTensor& tensor);

  std::shared_ptr<const MappedFile> file_;             // shared with every TensorBytes handed out
  std::unordered_map<std::string, Storage> storages_;  // by key
  std::vector<TensorEntry> entries_;
  std::vector<TensorView> views_;  // [entries]
};

LegacyTorchFile::LegacyTorchFile(const std::filesystem::path& path)
    : file_(std::make_shared<const MappedFile>(path)) {
  std::string_view rest = AsText(file_->bytes());
  if (!StartsAsLegacyTorch(file_->bytes())) {
    Fail("a state dict in PyTorch's legacy form is expected");
  }
  rest.remove_prefix(kMagic.size());
  RequireKnownForm(rest);
  const PickleDocument document = TakePickle(rest, Place("state dict"));
  const std::vector<NamedTensor> tensors = CollectTensors(document, Place("state dict"));
  ListStorages(document);
  const PickleDocument keys = TakePickle(rest, Place("storage keys"));
  FindStorages(keys, rest);
  for (const NamedTensor& tensor : tensors) {
    AddTensor(tensor);
  }
}

void LegacyTorchFile::RequireKnownForm(std::string_view& rest) const {
  const PickleDocument version = TakePickle(rest, Place("form's version"));
  const auto* const number = std::get_if<std::int64_t>(&version.root->content);
  if (number == nullptr || *number != kVersion) {
    throw Error(ErrorCode::kUnsupported,
                Place("form's version") + " is expected to be " + std::to_string(kVersion));
  }
  const PickleDocument machine = TakePickle(rest, Place("writer's machine"));
  const auto* const facts = std::get_if<PickleDict>(&machine.root->content);
  if (facts == nullptr) {
    Fail("writer's machine: a dict is expected");
  }
  for (const auto& [key, value] : facts->items) {
    const auto* const name = std::get_if<std::string>(&key->content);
    const auto* const is_true = std::get_if<bool>(&value->content);
    if (name != nullptr && *name == "little_endian" && (is_true == nullptr || !*is_true)) {
      throw Error(ErrorCode::kUnsupported,
                  path().string() + ": little-endian weights are expected");
    }
  }
}

void LegacyTorchFile::ListStorages(const PickleDocument& document) {
  for (const PickleValue& value : document.values) {
    const auto* const found = std::get_if<PickleStorage>(&value.content);
    if (found == nullptr) {
      continue;
    }
    const Storage storage{
        .dtype = found->dtype, .element_count = found->element_count, .bytes = {}};
    const auto [place, is_new] = storages_.emplace(found->key, storage);
    if (place->second.dtype != storage.dtype ||
        place->second.element_count != storage.element_count) {
      Fail("storage \"" + found->key + "\" is described twice, and not the same");
    }
  }
}

void LegacyTorchFile::FindStorages(const PickleDocument& keys, std::string_view rest) {
  const auto* const list = std::get_if<PickleSequence>(&keys.root->content);
  if (list == nullptr) {
    Fail("storage keys: a list is expected");
  }
  for (const PickleRef item : list->items) {
    const auto* const key = std::get_if<std::string>(&item->content);
    const auto found = key == nullptr ? storages_.end() : storages_.find(*key);
    if (found == storages_.end() || found->second.is_there) {
      Fail("storage keys: the key of each storage of the state dict is expected, once");
    }
    rest = TakeStorage(*key, found->second, rest);
  }
  if (!rest.empty()) {
    Fail(std::to_string(rest.size()) + " bytes follow the last storage");
  }
}

/// What follows `storage`, which lies at the begin of `rest`.
std::string_view LegacyTorchFile::TakeStorage(const std::string& key, Storage& storage,
                                              std::string_view rest) {
  std::uint64_t count = 0;
  if (rest.size() < sizeof count) {
    Fail("storage \"" + key + "\" is missing: the file is cut off");
  }
  std::memcpy(&count, rest.data(), sizeof count);
  rest.remove_prefix(sizeof count);
  if (count != storage.element_count) {
    Fail("storage \"" + key + "\" has " + std::to_string(count) + " elements; the state dict has " +
         std::to_string(storage.element_count));
  }
  if (count > rest.size() / SizeOf(storage.dtype)) {
    Fail("storage \"" + key + "\": " + std::to_string(count) + " elements of " +
         std::string(NameOf(storage.dtype)) + " are expected, but only " +
         std::to_string(rest.size()) + " bytes follow: the file is cut off");
  }
  const std::size_t bytes = static_cast<std::size_t>(count) * SizeOf(storage.dtype);
  storage.bytes = std::as_bytes(std::span(rest.data(), bytes));
  storage.is_there = true;
  return rest.substr(bytes);
}

void LegacyTorchFile::AddTensor(const NamedTensor& tensor) {
  TensorView view = CheckView(*tensor.tensor, path().string() + ": tensor \"" + tensor.name + "\"");
  if (!storages_.at(view.key).is_there) {
    Fail("tensor \"" + tensor.name + "\": storage \"" + view.key + "\" is missing");
  }
  entries_.push_back({.name = tensor.name, .dtype = view.dtype, .shape = view.shape});
  views_.push_back(std::move(view));
}

TensorBytes LegacyTorchFile::Read(std::size_t entry_index) const {
  const TensorView& view = views_[entry_index];
  return Materialise(view, {.bytes = storages_.at(view.key).bytes, .owner = file_});
}

}  // namespace

bool StartsAsLegacyTorch(std::span<const std::byte> bytes) {
  return AsText(bytes).starts_with(kMagic);
}

std::unique_ptr<WeightsFile> OpenLegacyTorch(const std::filesystem::path& path) {
  return std::make_unique<LegacyTorchFile>(path);
}

}  // namespace bertqa
