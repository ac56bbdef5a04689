#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace bertqa {

/// A file mapped read-only into memory. A file that another process cuts short while it is mapped
/// ends this one with SIGBUS, as with every memory-mapped reader; model directories are replaced by
/// renaming, never written in place.
class MappedFile {
 public:
  /// Throws Error{kUnreadable}: no such file, a directory, no permission.
  explicit MappedFile(std::filesystem::path path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
};

}  // namespace bertqa
