#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "encoder/mapped_file.h"
#include "encoder/zip_directory.h"

namespace bertqa {

/// The records of a PyTorch archive: a zip file with everything in one folder, whose name is left
/// out here ("data.pkl", "data/7"). A stored record is a part of the mapped file; a deflated one,
/// which PyTorch does not write but a user's zip program may, is inflated when it is read.
///
/// What the file says is not believed: when it is opened, every record is checked to lie between
/// the file's begin and its directory, behind a local header of the same name, and no two to
/// overlap (a "zip bomb" shows the same bytes under many names).
class ZipArchive {
 public:
  /// Throws Error{kMalformed}, Error{kUnsupported} for an encrypted or otherwise compressed record.
  explicit ZipArchive(std::shared_ptr<const MappedFile> file);

  bool Has(std::string_view name) const { return records_.contains(name); }

  /// Its uncompressed size, which is at most that of the whole file.
  /// Throws Error{kMalformed} if there is none, or more than one, of that name.
  std::size_t SizeOf(std::string_view name) const;

  enum class Checksum {
    kVerify,  ///< CRC-32; 0 is taken for "none", which PyTorch writes if it is told so
    kSkip     ///< 45 MB of weights would take 15 to 45 ms: reading them at all takes no longer
  };
  struct Bytes {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;  ///< keeps them alive: the mapping, shared, or a copy
  };
  /// Throws Error{kMalformed} if the record is missing or damaged.
  Bytes Read(std::string_view name, Checksum checksum) const;

 private:
  struct Record {
    ZipEntry entry;
    std::uint64_t begin = 0;  ///< of its data
    bool is_ambiguous = false;
  };
  [[noreturn]] void Fail(const std::string& what) const;
  void RequirePlain(const ZipEntry& entry) const;
  /// Where the data of `entry` begins, after its local header.
  std::uint64_t DataBegin(const ZipEntry& entry, std::uint64_t limit) const;
  void RequireDisjoint() const;
  const Record& Find(std::string_view name) const;
  Bytes Inflate(const Record& record, std::size_t size) const;

  std::shared_ptr<const MappedFile> file_;  // shared with everything that Read returns
  std::unordered_map<std::string_view, Record> records_;
};

}  // namespace bertqa
