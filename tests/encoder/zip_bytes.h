#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bertqa {

/// Makes zip archives in memory, right ones, for tests to damage. Names are given in full.
class ZipBytes {
 public:
  enum class Method { kStored, kDeflated };
  enum class Ends {
    kSmall,     ///< an end record
    kWithZip64  ///< and a zip64 end record and its locator, as PyTorch writes them
  };

  /// Data begins at multiples of `alignment`; PyTorch's is 64.
  explicit ZipBytes(std::size_t alignment = 64) : alignment_(alignment) {}

  ZipBytes& Add(const std::string& name, const std::string& data, Method method = Method::kStored);
  /// Sizes and offset in the zip64 field of the entry.
  ZipBytes& AddInZip64(const std::string& name, const std::string& data);

  /// The archive, the local header and the directory entry of each record, and the end record.
  struct Archive {
    std::string bytes;
    std::vector<std::size_t> local;      ///< [records] offsets of the local headers
    std::vector<std::size_t> data;       ///< [records] offsets of the data
    std::vector<std::size_t> directory;  ///< [records] offsets in the directory
    std::size_t zip64_end = 0;           ///< meaningful if there is one
    std::size_t end = 0;
  };
  Archive Finish(Ends ends = Ends::kWithZip64) const;

 private:
  struct Record {
    std::string name;
    std::string stored;
    std::size_t size_bytes = 0;
    std::uint32_t crc32 = 0;
    Method method = Method::kStored;
    bool in_zip64 = false;
  };
  void AppendLocal(const Record& record, std::string& bytes) const;
  static void AppendEntry(const Record& record, std::size_t local, std::string& bytes);

  std::size_t alignment_;
  std::vector<Record> records_;
};

/// Writes `value`, little-endian, `count` bytes of it, at `offset`.
void Patch(std::string& bytes, std::size_t offset, std::uint64_t value, std::size_t count);

}  // namespace bertqa
