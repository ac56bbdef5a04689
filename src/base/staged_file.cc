#include "base/staged_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "bertqa/error.h"

namespace bertqa {
namespace {

[[noreturn]] void ThrowUnwritable(const std::filesystem::path& path) {
  throw Error(ErrorCode::kUnwritable,
              path.string() + ": cannot write: " + std::generic_category().message(errno));
}

/// What to write so that it becomes `path`.
std::filesystem::path StagedAt(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  std::filesystem::path staged = path;
  if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) {
    staged += ".part";
  }
  return staged;
}

/// What stands at `staged`, empty, if that is not `path`; then no other process writes it.
Descriptor OpenStaged(const std::filesystem::path& staged, const std::filesystem::path& path) {
  while (true) {
    const int create = staged == path ? 0 : O_CREAT;
    Descriptor file(::open(staged.c_str(), O_WRONLY | O_CLOEXEC | create, 0666));
    if (file.value() < 0) {
      ThrowUnwritable(path);
    }
    if (staged == path) {
      return file;
    }
    LockForWriting(file, path.string());
    if (!IsAt(file, staged)) {
      continue;  // another process has just finished it
    }
    if (::ftruncate(file.value(), 0) != 0) {  // what a kill left
      const int error_number = errno;
      ::unlink(staged.c_str());
      errno = error_number;
      ThrowUnwritable(path);
    }
    return file;
  }
}

}  // namespace

void SyncFile(int descriptor, const std::string& name) {
  if (::fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS) {
    ThrowUnwritable(name);
  }
}

void SyncFile(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value() < 0) {
    ThrowUnwritable(path);
  }
  SyncFile(file.value(), path.string());
}

void SyncFolderOf(const std::filesystem::path& path) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.value() >= 0) {  // a folder may be writable and not readable: then it is not ours
    SyncFile(opened.value(), folder.string());
  }
}

void CommitFile(const std::filesystem::path& staged, const std::filesystem::path& path) {
  SyncFile(staged);
  if (std::rename(staged.c_str(), path.c_str()) != 0) {
    ThrowUnwritable(path);
  }
  SyncFolderOf(path);
}

void LockForWriting(const Descriptor& opened, const std::string& name) {
  if (::flock(opened.value(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    throw Error(ErrorCode::kUsage, name + ": another process is writing it");
  }
}

bool IsAt(const Descriptor& file, const std::filesystem::path& path) {
  struct stat held = {};
  struct stat named = {};
  return ::fstat(file.value(), &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

StagedFile::StagedFile(std::filesystem::path path)
    : path_(std::move(path)), written_(StagedAt(path_)), file_(OpenStaged(written_, path_)) {}

StagedFile::~StagedFile() {
  if (!committed_ && written_ != path_) {
    ::unlink(written_.c_str());
  }
}

void StagedFile::Commit() {
  if (written_ != path_) {
    CommitFile(written_, path_);
  }
  committed_ = true;
}

void WriteFileDurably(const std::filesystem::path& path, std::string_view bytes) {
  StagedFile file(path);
  WriteDescriptor(file.descriptor(), bytes, file.name());
  file.Commit();
}

}  // namespace bertqa
