#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "base/files.h"

namespace bertqa {

/// Holds a file's lock (flock) until it is destroyed, or the process ends in any way. The Python
/// client takes the same locks.
class FileLock {
 public:
  /// Waits for whoever holds it; calls `on_wait` before, if it must. Makes the file and its folder.
  /// Throws Error{kUnwritable}.
  static FileLock Wait(const std::filesystem::path& path, const std::function<void()>& on_wait);
  /// Nothing if somebody holds it.
  static std::optional<FileLock> Try(const std::filesystem::path& path);

 private:
  explicit FileLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace bertqa
