#include "encoder/safetensors_reader.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "bertqa/error.h"
#include "encoder/mapped_file.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit

/// Half-open range of the data part.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

class SafetensorsFile : public WeightsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::vector<TensorEntry>& entries() const override { return entries_; }
  const std::filesystem::path& path() const override { return file_->path(); }
  TensorBytes Read(std::size_t entry_index) const override;

 private:
  std::string_view SplitHeader();
  Json ParseHeader(std::string_view header) const;
  void AddEntry(const std::string& name, const Json& value);
  Range CheckedRange(const TensorEntry& entry, const Json& offsets) const;
  Shape CheckedShape(const std::string& name, const Json& value) const;
  void RequireWholeCoverage() const;
  void AddAliases(const Json& header);

  std::shared_ptr<const MappedFile> file_;  // shared with every TensorBytes handed out
  std::span<const std::byte> data_;
  std::vector<TensorEntry> entries_;
  std::vector<Range> ranges_;  // [entries]
};

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : file_(std::make_shared<const MappedFile>(path)) {
  const Json header = ParseHeader(SplitHeader());
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") {
      AddEntry(name, value);
    }
  }
  RequireWholeCoverage();
  AddAliases(header);
}

TensorBytes SafetensorsFile::Read(std::size_t entry_index) const {
  const Range& range = ranges_[entry_index];
  return Aligned({.bytes = data_.subspan(range.begin, range.end - range.begin), .owner = file_},
                 entries_[entry_index].dtype);
}

std::string_view SafetensorsFile::SplitHeader() {
  const std::span<const std::byte> bytes = file_->bytes();
  if (bytes.size() < kLengthBytes) {
    Fail("a safetensors file is expected, but it has only " + std::to_string(bytes.size()) +
         " bytes");
  }
  std::uint64_t length = 0;  // little-endian, as all machines that this runs on
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeaderBytes) {
    Fail("a safetensors file is expected, but its header claims " + std::to_string(length) +
         " bytes; at most " + std::to_string(kMaxHeaderBytes) + " are allowed");
  }
  if (length > bytes.size() - kLengthBytes) {
    Fail("the header claims " + std::to_string(length) + " bytes, but only " +
         std::to_string(bytes.size() - kLengthBytes) + " follow: the file is cut off");
  }
  data_ = bytes.subspan(kLengthBytes + length);
  return {reinterpret_cast<const char*>(bytes.data()) + kLengthBytes,
          static_cast<std::size_t>(length)};
}

Json SafetensorsFile::ParseHeader(std::string_view header) const {
  // Keys seen in each open object: the last of two equal keys would silently win otherwise.
  std::vector<std::set<std::string>> keys;
  const auto callback = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > 3) {
      Fail("the header is nested too deeply");
    }
    if (event == Json::parse_event_t::object_start) {
      keys.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      keys.pop_back();
    } else if (event == Json::parse_event_t::key &&
               !keys.back().insert(parsed.get<std::string>()).second) {
      Fail("the header has \"" + parsed.get<std::string>() + "\" twice");
    }
    return true;
  };
  try {
    Json value = Json::parse(header, callback);
    if (!value.is_object()) {
      Fail("the header is expected to be a JSON object");
    }
    return value;
  } catch (const Json::exception&) {
    Fail("the header is not valid JSON");
  }
}

void SafetensorsFile::AddEntry(const std::string& name, const Json& value) {
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets") || !value["dtype"].is_string()) {
    Fail("tensor \"" + name + "\": dtype, shape and data_offsets are expected");
  }
  const auto type_name = value["dtype"].get<std::string>();
  const std::optional<DType> dtype = DTypeFromSafetensors(type_name);
  if (!dtype) {
    throw Error(ErrorCode::kUnsupported,
                path().string() + ": tensor \"" + name + "\": unknown dtype \"" + type_name + "\"");
  }
  TensorEntry entry{.name = name, .dtype = *dtype, .shape = CheckedShape(name, value["shape"])};
  ranges_.push_back(CheckedRange(entry, value["data_offsets"]));
  entries_.push_back(std::move(entry));
}

Shape SafetensorsFile::CheckedShape(const std::string& name, const Json& value) const {
  Shape shape;
  std::size_t product = 1;
  for (const Json& size : value.is_array() ? value : Json::array({nullptr})) {
    if (!size.is_number_unsigned()) {
      Fail("tensor \"" + name + "\": shape is expected to be a list of sizes");
    }
    shape.push_back(size.get<std::size_t>());
    if (__builtin_mul_overflow(product, shape.back(), &product) || product > SIZE_MAX / 8) {
      Fail("tensor \"" + name + "\": shape " + ToString(shape) + " is too large");
    }
  }
  return shape;
}

Range SafetensorsFile::CheckedRange(const TensorEntry& entry, const Json& offsets) const {
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    Fail("tensor \"" + entry.name + "\": data_offsets is expected to be [begin, end]");
  }
  const Range range{.begin = offsets[0].get<std::size_t>(), .end = offsets[1].get<std::size_t>()};
  const std::string place = "tensor \"" + entry.name + "\": data_offsets [" +
                            std::to_string(range.begin) + ", " + std::to_string(range.end) + "]";
  if (range.begin > range.end || range.end > data_.size()) {
    Fail(place + " are not inside the data, which has " + std::to_string(data_.size()) + " bytes");
  }
  const std::size_t expected = ElementCount(entry.shape) * SizeOf(entry.dtype);
  if (range.end - range.begin != expected) {
    Fail(place + ": shape " + ToString(entry.shape) + " of " + std::string(NameOf(entry.dtype)) +
         " takes " + std::to_string(expected) + " bytes");
  }
  return range;
}

void SafetensorsFile::RequireWholeCoverage() const {
  std::vector<std::size_t> order(ranges_.size());
  for (std::size_t index = 0; index < order.size(); ++index) {
    order[index] = index;
  }
  std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return std::pair(ranges_[left].begin, ranges_[left].end) <
           std::pair(ranges_[right].begin, ranges_[right].end);
  });
  std::size_t end = 0;
  for (const std::size_t index : order) {
    if (ranges_[index].begin != end) {
      Fail("tensor \"" + entries_[index].name + "\" begins at byte " +
           std::to_string(ranges_[index].begin) + " of the data, where " + std::to_string(end) +
           " is expected: tensors must neither overlap nor leave gaps");
    }
    end = ranges_[index].end;
  }
  if (end != data_.size()) {
    Fail("the tensors end at byte " + std::to_string(end) + " of the data, which has " +
         std::to_string(data_.size()) + " bytes");
  }
}

/// A tensor that a model holds under two names is saved once; the metadata then maps the name that
/// was left out to the one that was kept (safetensors' torch.py, save_model).
void SafetensorsFile::AddAliases(const Json& header) {
  const auto metadata = header.find("__metadata__");
  if (metadata == header.end() || !metadata->is_object()) {
    return;
  }
  std::unordered_map<std::string, std::size_t> index_of;
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    index_of.emplace(entries_[index].name, index);
  }
  for (const auto& [name, kept] : metadata->items()) {
    const auto found = kept.is_string() ? index_of.find(kept.get<std::string>()) : index_of.end();
    if (found != index_of.end() && !index_of.contains(name)) {
      TensorEntry alias = entries_[found->second];
      alias.name = name;
      alias.is_alias = true;
      entries_.push_back(std::move(alias));
      ranges_.push_back(ranges_[found->second]);
    }
  }
}

}  // namespace

std::unique_ptr<WeightsFile> OpenSafetensors(const std::filesystem::path& path) {
  return std::make_unique<SafetensorsFile>(path);
}

}  // namespace bertqa
