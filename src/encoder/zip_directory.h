#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bertqa {

/// What a zip archive's central directory says of one entry. The name views the archive's bytes.
struct ZipEntry {
  std::string_view name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc32 = 0;
  std::uint64_t stored_bytes = 0;   ///< as it lies in the archive
  std::uint64_t size_bytes = 0;     ///< uncompressed
  std::uint64_t header_offset = 0;  ///< of its local header
};

struct ZipDirectory {
  std::vector<ZipEntry> entries;
  std::uint64_t offset = 0;  ///< where the directory begins
};

/// Reads the directory at the end of a zip archive, zip64 included (PKWARE's APPNOTE.TXT 6.3.10,
/// sections 4.3.12 to 4.3.16). The archive must end where it says it does; the directory must be
/// inside it and hold as many entries as it says; the two end records of a zip64 archive must
/// agree. Where the entries say that their data is, is not looked at here.
/// Returns nothing if any of that is not so.
std::optional<ZipDirectory> ReadZipDirectory(std::span<const std::byte> archive);

}  // namespace bertqa
