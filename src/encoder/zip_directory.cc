#include "encoder/zip_directory.h"

#include <algorithm>
#include <limits>

#include "encoder/zip_cursor.h"

namespace bertqa {
namespace {

constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kZip64EndSignature = 0x06064b50;
constexpr std::uint32_t kZip64LocatorSignature = 0x07064b50;
constexpr std::uint32_t kEntrySignature = 0x02014b50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kZip64LocatorBytes = 20;
constexpr std::size_t kZip64EndBytes = 56;
constexpr std::size_t kEntryBytes = 46;
constexpr std::uint16_t kZip64Extra = 1;

/// Where the directory is, as an end record says.
struct Place {
  std::uint64_t entries = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t offset = 0;
};

/// The end record's offset: the last one whose comment reaches to the archive's end.
std::optional<std::uint64_t> FindEnd(std::span<const std::byte> archive) {
  constexpr std::size_t kMaxComment = std::numeric_limits<std::uint16_t>::max();
  if (archive.size() < kEndBytes) {
    return std::nullopt;
  }
  const std::size_t last = archive.size() - kEndBytes;
  for (std::size_t comment = 0; comment <= std::min(kMaxComment, last); ++comment) {
    ZipCursor cursor(archive, last - comment);
    if (cursor.Take<std::uint32_t>() != kEndSignature) {
      continue;
    }
    cursor.Skip(kEndBytes - 6);
    if (cursor.Take<std::uint16_t>() == comment) {
      return last - comment;
    }
  }
  return std::nullopt;
}

/// The zip64 end record's offset; nothing if the archive has none.
std::optional<std::uint64_t> FindZip64End(std::span<const std::byte> archive, std::uint64_t end) {
  if (end < kZip64LocatorBytes) {
    return std::nullopt;
  }
  ZipCursor cursor(archive, end - kZip64LocatorBytes);
  if (cursor.Take<std::uint32_t>() != kZip64LocatorSignature) {
    return std::nullopt;
  }
  cursor.Skip(sizeof(std::uint32_t));  // the disk's number
  return cursor.Take<std::uint64_t>();
}

/// True if the small record says the same as the large one, or that the large one says it.
template <typename Number>
bool Agrees(Number small, std::uint64_t large) {
  return small == std::numeric_limits<Number>::max() || small == large;
}

/// What a zip64 record says, checked against the small one at `end`.
std::optional<Place> ReadZip64End(std::span<const std::byte> archive, std::uint64_t zip64_end,
                                  std::uint64_t end) {
  ZipCursor cursor(archive, zip64_end);
  const bool is_one = cursor.Take<std::uint32_t>() == kZip64EndSignature;
  const auto record_bytes = cursor.Take<std::uint64_t>();  // from here on
  cursor.Skip(2 * sizeof(std::uint16_t));                  // versions
  const auto disk = cursor.Take<std::uint32_t>();
  const auto directory_disk = cursor.Take<std::uint32_t>();
  const auto entries_here = cursor.Take<std::uint64_t>();
  Place place;
  place.entries = cursor.Take<std::uint64_t>();
  place.size_bytes = cursor.Take<std::uint64_t>();
  place.offset = cursor.Take<std::uint64_t>();
  ZipCursor small(archive, end + 10);
  const bool agree = Agrees(small.Take<std::uint16_t>(), place.entries) &&
                     Agrees(small.Take<std::uint32_t>(), place.size_bytes) &&
                     Agrees(small.Take<std::uint32_t>(), place.offset);
  constexpr std::uint64_t kFixedBytes = kZip64EndBytes - 12;
  const bool is_sound = is_one && record_bytes >= kFixedBytes && disk == 0 && directory_disk == 0 &&
                        entries_here == place.entries && agree && cursor.ok() &&
                        cursor.position() <= end;
  return is_sound ? std::optional(place) : std::nullopt;
}

std::optional<Place> ReadEnd(std::span<const std::byte> archive, std::uint64_t end) {
  ZipCursor cursor(archive, end + sizeof kEndSignature);
  const auto disk = cursor.Take<std::uint16_t>();
  const auto directory_disk = cursor.Take<std::uint16_t>();
  const auto entries_here = cursor.Take<std::uint16_t>();
  Place place;
  place.entries = cursor.Take<std::uint16_t>();
  place.size_bytes = cursor.Take<std::uint32_t>();
  place.offset = cursor.Take<std::uint32_t>();
  const bool is_sound =
      disk == 0 && directory_disk == 0 && entries_here == place.entries && cursor.ok();
  return is_sound ? std::optional(place) : std::nullopt;
}

/// Takes the numbers that did not fit in 32 bits from the entry's zip64 field (4.5.3). False if
/// they are not there.
bool TakeZip64(std::span<const std::byte> extra, ZipEntry& entry) {
  constexpr std::uint64_t kElsewhere = std::numeric_limits<std::uint32_t>::max();
  ZipCursor cursor(extra, 0);
  while (cursor.position() < extra.size()) {
    const auto id = cursor.Take<std::uint16_t>();
    const std::span<const std::byte> field = cursor.TakeBytes(cursor.Take<std::uint16_t>());
    if (!cursor.ok()) {
      break;  // PyTorch pads with what is no list of fields; nothing here needs it
    }
    if (id != kZip64Extra) {
      continue;
    }
    ZipCursor numbers(field, 0);
    for (std::uint64_t* number : {&entry.size_bytes, &entry.stored_bytes, &entry.header_offset}) {
      if (*number == kElsewhere) {
        *number = numbers.Take<std::uint64_t>();
      }
    }
    return numbers.ok();
  }
  return entry.size_bytes != kElsewhere && entry.stored_bytes != kElsewhere &&
         entry.header_offset != kElsewhere;
}

std::optional<ZipEntry> TakeEntry(ZipCursor& cursor) {
  ZipEntry entry;
  const bool is_one = cursor.Take<std::uint32_t>() == kEntrySignature;
  cursor.Skip(2 * sizeof(std::uint16_t));  // versions
  entry.flags = cursor.Take<std::uint16_t>();
  entry.method = cursor.Take<std::uint16_t>();
  cursor.Skip(2 * sizeof(std::uint16_t));  // time and date
  entry.crc32 = cursor.Take<std::uint32_t>();
  entry.stored_bytes = cursor.Take<std::uint32_t>();
  entry.size_bytes = cursor.Take<std::uint32_t>();
  const auto name_bytes = cursor.Take<std::uint16_t>();
  const auto extra_bytes = cursor.Take<std::uint16_t>();
  const auto comment_bytes = cursor.Take<std::uint16_t>();
  const auto disk = cursor.Take<std::uint16_t>();
  cursor.Skip(sizeof(std::uint16_t) + sizeof(std::uint32_t));  // attributes
  entry.header_offset = cursor.Take<std::uint32_t>();
  entry.name = cursor.TakeText(name_bytes);
  const auto extra = cursor.TakeBytes(extra_bytes);
  cursor.Skip(comment_bytes);
  const bool is_sound = is_one && disk == 0 && cursor.ok() && TakeZip64(extra, entry);
  return is_sound ? std::optional(entry) : std::nullopt;
}

}  // namespace

std::optional<ZipDirectory> ReadZipDirectory(std::span<const std::byte> archive) {
  const std::optional<std::uint64_t> end = FindEnd(archive);
  if (!end) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> zip64_end = FindZip64End(archive, *end);
  const std::optional<Place> place =
      zip64_end ? ReadZip64End(archive, *zip64_end, *end) : ReadEnd(archive, *end);
  const std::uint64_t limit = zip64_end.value_or(*end);
  // So many entries do not fit: said before memory is taken for them.
  if (!place || place->offset > limit || place->size_bytes > limit - place->offset ||
      place->entries > place->size_bytes / kEntryBytes) {
    return std::nullopt;
  }
  ZipDirectory directory{.entries = {}, .offset = place->offset};
  directory.entries.reserve(static_cast<std::size_t>(place->entries));
  ZipCursor cursor(archive.first(static_cast<std::size_t>(place->offset + place->size_bytes)),
                   place->offset);
  for (std::uint64_t index = 0; index < place->entries; ++index) {
    const std::optional<ZipEntry> entry = TakeEntry(cursor);
    if (!entry) {
      return std::nullopt;
    }
    directory.entries.push_back(*entry);
  }
  const bool is_all = cursor.ok() && cursor.position() == place->offset + place->size_bytes;
  return is_all ? std::optional(std::move(directory)) : std::nullopt;
}

}  // namespace bertqa
