#include "encoder/zip_bytes.h"

#include <zlib.h>

#include <stdexcept>

namespace bertqa {
namespace {

constexpr std::uint64_t kElsewhere = 0xFFFFFFFF;

void Append(std::string& bytes, std::uint64_t value, std::size_t count) {
  bytes.resize(bytes.size() + count);
  Patch(bytes, bytes.size() - count, value, count);
}

std::string Deflate(const std::string& data) {
  z_stream stream = {};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  std::string result(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

std::uint16_t MethodNumber(ZipBytes::Method method) {
  return method == ZipBytes::Method::kDeflated ? 8 : 0;
}

}  // namespace

void Patch(std::string& bytes, std::size_t offset, std::uint64_t value, std::size_t count) {
  for (std::size_t index = 0; index < count; ++index) {
    bytes.at(offset + index) = static_cast<char>(value);
    value >>= 8U;
  }
}

ZipBytes& ZipBytes::Add(const std::string& name, const std::string& data, Method method) {
  const auto crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size());
  records_.push_back({.name = name,
                      .stored = method == Method::kDeflated ? Deflate(data) : data,
                      .size_bytes = data.size(),
                      .crc32 = static_cast<std::uint32_t>(crc),
                      .method = method});
  return *this;
}

ZipBytes& ZipBytes::AddInZip64(const std::string& name, const std::string& data) {
  Add(name, data);
  records_.back().in_zip64 = true;
  return *this;
}

void ZipBytes::AppendLocal(const Record& record, std::string& bytes) const {
  const std::size_t unpadded = bytes.size() + 30 + record.name.size() + 4;
  const std::size_t padding = (alignment_ - unpadded % alignment_) % alignment_;
  Append(bytes, 0x04034b50, 4);
  Append(bytes, 0, 2);  // version
  Append(bytes, 0, 2);  // flags
  Append(bytes, MethodNumber(record.method), 2);
  Append(bytes, 0, 4);  // time and date
  Append(bytes, record.crc32, 4);
  Append(bytes, record.stored.size(), 4);
  Append(bytes, record.size_bytes, 4);
  Append(bytes, record.name.size(), 2);
  Append(bytes, 4 + padding, 2);
  bytes += record.name + "FB";  // PyTorch's padding field
  Append(bytes, padding, 2);
  bytes += std::string(padding, 'Z') + record.stored;
}

void ZipBytes::AppendEntry(const Record& record, std::size_t local, std::string& bytes) {
  Append(bytes, 0x02014b50, 4);
  Append(bytes, 0, 6);  // versions, flags
  Append(bytes, MethodNumber(record.method), 2);
  Append(bytes, 0, 4);  // time and date
  Append(bytes, record.crc32, 4);
  Append(bytes, record.in_zip64 ? kElsewhere : record.stored.size(), 4);
  Append(bytes, record.in_zip64 ? kElsewhere : record.size_bytes, 4);
  Append(bytes, record.name.size(), 2);
  Append(bytes, record.in_zip64 ? 5 + 4 + 24 : 0, 2);
  Append(bytes, 0, 2 + 2 + 2);  // comment, disk, attributes
  Append(bytes, 0, 4);          // attributes
  Append(bytes, record.in_zip64 ? kElsewhere : local, 4);
  bytes += record.name;
  if (record.in_zip64) {
    bytes += std::string("xx\1\0!", 5);  // a field of another kind before it
    Append(bytes, 1, 2);
    Append(bytes, 24, 2);
    Append(bytes, record.size_bytes, 8);
    Append(bytes, record.stored.size(), 8);
    Append(bytes, local, 8);
  }
}

ZipBytes::Archive ZipBytes::Finish(Ends ends) const {
  Archive archive;
  std::string& bytes = archive.bytes;
  for (const Record& record : records_) {
    archive.local.push_back(bytes.size());
    AppendLocal(record, bytes);
    archive.data.push_back(bytes.size() - record.stored.size());
  }
  const std::size_t directory = bytes.size();
  for (std::size_t index = 0; index < records_.size(); ++index) {
    archive.directory.push_back(bytes.size());
    AppendEntry(records_[index], archive.local[index], bytes);
  }
  archive.zip64_end = bytes.size();
  const std::size_t size = bytes.size() - directory;
  if (ends == Ends::kWithZip64) {
    Append(bytes, 0x06064b50, 4);
    Append(bytes, 44, 8);
    Append(bytes, 0, 12);  // versions, disks
    for (const std::size_t value : {records_.size(), records_.size(), size, directory}) {
      Append(bytes, value, 8);
    }
    Append(bytes, 0x07064b50, 4);
    Append(bytes, 0, 4);  // disk
    Append(bytes, archive.zip64_end, 8);
    Append(bytes, 1, 4);  // disks
  }
  archive.end = bytes.size();
  Append(bytes, 0x06054b50, 4);
  Append(bytes, 0, 4);  // disks
  Append(bytes, records_.size(), 2);
  Append(bytes, records_.size(), 2);
  Append(bytes, size, 4);
  Append(bytes, directory, 4);
  Append(bytes, 0, 2);  // comment
  return archive;
}

}  // namespace bertqa
