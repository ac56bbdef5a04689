#include "encoder/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "bertqa/error.h"
#include "encoder/zip_cursor.h"

namespace bertqa {
namespace {

constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;
constexpr std::uint16_t kEncryptedFlag = 1;

std::uint32_t Crc32(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// Inflates the whole of `source` into the whole of `target`; false if the sizes are others or the
/// data is damaged.
bool InflateInto(std::span<const std::byte> source, std::span<std::byte> target) {
  constexpr std::size_t kMax = std::numeric_limits<uInt>::max();
  if (source.size() > kMax || target.size() >= kMax) {
    return false;  // 4 GB: PyTorch stores its records
  }
  z_stream stream = {};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) {  // no zlib header: raw deflate
    throw Error(ErrorCode::kInternal, "zlib: cannot begin to inflate");
  }
  Bytef nothing = 0;  // an empty target is no null pointer
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(source.data()));
  stream.avail_in = static_cast<uInt>(source.size());
  stream.next_out = target.empty() ? &nothing : reinterpret_cast<Bytef*>(target.data());
  stream.avail_out = static_cast<uInt>(target.empty() ? 1 : target.size());
  const int result = ::inflate(&stream, Z_FINISH);
  const bool is_whole =
      result == Z_STREAM_END && stream.avail_in == 0 && stream.total_out == target.size();
  ::inflateEnd(&stream);
  return is_whole;
}

}  // namespace

ZipArchive::ZipArchive(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
  std::optional<ZipDirectory> directory = ReadZipDirectory(file_->bytes());
  if (!directory || directory->entries.empty()) {
    Fail(
        "a PyTorch archive (zip) is expected, but its directory is missing or damaged: the file is "
        "cut off or of another kind");
  }
  const std::string_view first = directory->entries.front().name;
  const std::size_t slash = first.find('/');
  if (slash == std::string_view::npos) {
    Fail("a PyTorch archive is expected, whose records are in a folder, not a zip file with \"" +
         std::string(first) + "\"");
  }
  const std::string_view folder = first.substr(0, slash + 1);
  for (const ZipEntry& entry : directory->entries) {
    if (!entry.name.starts_with(folder)) {
      continue;  // not PyTorch's, never read
    }
    RequirePlain(entry);
    const Record record{.entry = entry, .begin = DataBegin(entry, directory->offset)};
    const auto [place, is_new] = records_.emplace(entry.name.substr(folder.size()), record);
    place->second.is_ambiguous |= !is_new;
  }
  RequireDisjoint();
}

void ZipArchive::Fail(const std::string& what) const {
  throw Error(ErrorCode::kMalformed, file_->path().string() + ": " + what);
}

void ZipArchive::RequirePlain(const ZipEntry& entry) const {
  const bool is_encrypted = (entry.flags & kEncryptedFlag) != 0;
  if (is_encrypted || (entry.method != kStored && entry.method != kDeflated)) {
    throw Error(
        ErrorCode::kUnsupported,
        file_->path().string() + ": record " + std::string(entry.name) + " is " +
            (is_encrypted ? "encrypted" : "compressed by method " + std::to_string(entry.method)) +
            "; stored or deflated records are expected");
  }
}

std::uint64_t ZipArchive::DataBegin(const ZipEntry& entry, std::uint64_t limit) const {
  ZipCursor cursor(file_->bytes().first(static_cast<std::size_t>(limit)), entry.header_offset);
  const bool is_header = cursor.Take<std::uint32_t>() == kLocalSignature;
  cursor.Skip(2 * sizeof(std::uint16_t));  // version and flags
  const auto method = cursor.Take<std::uint16_t>();
  cursor.Skip(2 * sizeof(std::uint16_t) + 3 * sizeof(std::uint32_t));  // time, date, CRC, sizes
  const auto name_bytes = cursor.Take<std::uint16_t>();
  const auto extra_bytes = cursor.Take<std::uint16_t>();
  const bool is_same = cursor.TakeText(name_bytes) == entry.name && method == entry.method;
  cursor.Skip(extra_bytes);
  const std::uint64_t begin = cursor.position();
  cursor.Skip(entry.stored_bytes);
  if (!cursor.ok() || !is_header || !is_same ||
      (method == kStored && entry.stored_bytes != entry.size_bytes)) {
    Fail("record " + std::string(entry.name) +
         " is not where, or not what, the archive's directory says");
  }
  return begin;
}

void ZipArchive::RequireDisjoint() const {
  std::vector<const Record*> order;
  order.reserve(records_.size());
  for (const auto& [name, record] : records_) {
    order.push_back(&record);
  }
  std::sort(order.begin(), order.end(), [](const Record* left, const Record* right) {
    return left->entry.header_offset < right->entry.header_offset;
  });
  for (std::size_t index = 1; index < order.size(); ++index) {
    const Record& before = *order[index - 1];
    if (order[index]->entry.header_offset < before.begin + before.entry.stored_bytes) {
      Fail("records " + std::string(before.entry.name) + " and " +
           std::string(order[index]->entry.name) + " overlap");
    }
  }
}

const ZipArchive::Record& ZipArchive::Find(std::string_view name) const {
  const auto found = records_.find(name);
  if (found == records_.end()) {
    Fail("record " + std::string(name) + " is missing");
  }
  if (found->second.is_ambiguous) {
    Fail("record " + std::string(name) + " is there twice");
  }
  return found->second;
}

std::size_t ZipArchive::SizeOf(std::string_view name) const {
  const std::uint64_t size = Find(name).entry.size_bytes;
  if (size > file_->bytes().size()) {  // PyTorch stores without compression
    Fail("record " + std::string(name) + " claims " + std::to_string(size) +
         " bytes, the whole file has " + std::to_string(file_->bytes().size()));
  }
  return static_cast<std::size_t>(size);
}

ZipArchive::Bytes ZipArchive::Inflate(const Record& record, std::size_t size) const {
  const auto inflated = std::make_shared_for_overwrite<std::byte[]>(size);
  const std::span<std::byte> target(inflated.get(), size);
  const auto source = file_->bytes().subspan(static_cast<std::size_t>(record.begin),
                                             static_cast<std::size_t>(record.entry.stored_bytes));
  if (!InflateInto(source, target)) {
    Fail("record " + std::string(record.entry.name) + " is damaged");
  }
  return {.bytes = target, .owner = inflated};
}

ZipArchive::Bytes ZipArchive::Read(std::string_view name, Checksum checksum) const {
  const Record& record = Find(name);
  const std::size_t size = SizeOf(name);
  const Bytes data =
      record.entry.method == kDeflated
          ? Inflate(record, size)
          : Bytes{.bytes = file_->bytes().subspan(static_cast<std::size_t>(record.begin), size),
                  .owner = file_};
  const bool verify = checksum == Checksum::kVerify && record.entry.crc32 != 0;
  if (verify && Crc32(data.bytes) != record.entry.crc32) {
    Fail("record " + std::string(name) + " is damaged: its checksum is wrong");
  }
  return data;
}

}  // namespace bertqa
