#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/files.h"

namespace bertqa {

/// Makes what was written to a regular file outlast a power loss. What cannot be synced (a pipe) is
/// left alone. Throws Error{kUnwritable}.
void SyncFile(int descriptor, const std::string& name);
void SyncFile(const std::filesystem::path& path);

/// Makes the names in the folder of `path` outlast a power loss. Throws Error{kUnwritable}.
void SyncFolderOf(const std::filesystem::path& path);

/// Renames a file that is whole, in such an order that after a power loss too either the old or the
/// new one stands at `path`. Throws Error{kUnwritable}; `staged` stays then.
void CommitFile(const std::filesystem::path& staged, const std::filesystem::path& path);

/// Locks a file or folder against other processes that ask for this lock, until it is closed. Where
/// locks are not to be had, as on some network file systems, it goes without.
/// Throws Error{kUsage} "NAME: another process is writing it".
void LockForWriting(const Descriptor& opened, const std::string& name);

/// Whether it is still this file that stands at `path`: a lock of one that was renamed or removed
/// protects nothing.
bool IsAt(const Descriptor& file, const std::filesystem::path& path);

/// A file that becomes `path` when all of it is written, and outlasts a power loss then. Until then
/// it is `path`.part, locked, which a kill may leave behind and the next one replaces. What stands
/// at `path` and is no regular file (/dev/stdout, a named pipe) is written in place.
class StagedFile {
 public:
  /// Throws Error{kUnwritable}, and Error{kUsage} if another process writes the same.
  explicit StagedFile(std::filesystem::path path);
  /// Removes what was not committed.
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  int descriptor() const { return file_.value(); }
  /// Of what is written to: for messages.
  std::string name() const { return written_.string(); }
  /// Throws Error{kUnwritable}.
  void Commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path written_;  ///< `path_` itself for what is written in place
  Descriptor file_;
  bool committed_ = false;
};

/// Writes a regular file through a StagedFile.
void WriteFileDurably(const std::filesystem::path& path, std::string_view bytes);

}  // namespace bertqa
