#include "hub/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <system_error>

#include "base/staged_file.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

[[noreturn]] void Fail(const std::filesystem::path& path) {
  throw Error(ErrorCode::kUnwritable,
              path.string() + ": cannot lock: " + std::generic_category().message(errno));
}

Descriptor Open(const std::filesystem::path& path) {
  std::error_code ignored;  // what matters is whether the file can be opened
  std::filesystem::create_directories(path.parent_path(), ignored);
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file.value() < 0) {
    Fail(path);
  }
  return file;
}

bool Take(const Descriptor& file, int operation) {
  int result = 0;
  do {
    result = ::flock(file.value(), operation);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

}  // namespace

FileLock FileLock::Wait(const std::filesystem::path& path, const std::function<void()>& on_wait) {
  while (true) {
    Descriptor file = Open(path);
    if (!Take(file, LOCK_EX | LOCK_NB)) {
      if (errno != EWOULDBLOCK) {
        Fail(path);
      }
      on_wait();
      if (!Take(file, LOCK_EX)) {
        Fail(path);
      }
    }
    if (IsAt(file, path)) {  // whoever held the lock may have removed the file
      return FileLock(std::move(file));
    }
  }
}

std::optional<FileLock> FileLock::Try(const std::filesystem::path& path) {
  Descriptor file = Open(path);
  if (Take(file, LOCK_EX | LOCK_NB)) {
    return FileLock(std::move(file));
  }
  if (errno != EWOULDBLOCK) {
    Fail(path);
  }
  return std::nullopt;
}

}  // namespace bertqa
