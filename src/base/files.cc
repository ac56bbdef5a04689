#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/staged_file.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

std::string Reason(int error_number) {
  return std::generic_category().message(error_number);
}

[[noreturn]] void ThrowUnwritable(const std::filesystem::path& path, int error_number) {
  throw Error(ErrorCode::kUnwritable, path.string() + ": cannot write: " + Reason(error_number));
}

[[noreturn]] void ThrowUnreadable(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorCode::kUnreadable, path.string() + ": " + why);
}

Descriptor OpenToRead(const std::filesystem::path& path, int flags) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (file.value() < 0) {
    ThrowUnreadable(path, "cannot open: " + Reason(errno));
  }
  return file;
}

/// Throws Error{kUnreadable} for a directory.
struct stat StatusOf(const Descriptor& file, const std::filesystem::path& path) {
  struct stat status = {};
  if (::fstat(file.value(), &status) != 0) {
    ThrowUnreadable(path, "cannot read: " + Reason(errno));
  }
  if (S_ISDIR(status.st_mode)) {
    ThrowUnreadable(path, "is a directory, a file is expected");
  }
  return status;
}

void WriteInPlace(const std::filesystem::path& path, std::string_view bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.value() < 0) {
    ThrowUnwritable(path, errno);
  }
  WriteDescriptor(file.value(), bytes, path.string());
  if (file.Close() != 0) {
    ThrowUnwritable(path, errno);
  }
}

}  // namespace

Descriptor::~Descriptor() {
  Close();
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : value_(std::exchange(other.value_, -1)), is_borrowed_(other.is_borrowed_) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(value_, other.value_);
  std::swap(is_borrowed_, other.is_borrowed_);
  return *this;
}

int Descriptor::Close() {
  const int value = std::exchange(value_, -1);
  return value < 0 || is_borrowed_ ? 0 : ::close(value);
}

Descriptor OpenRegularFile(const std::filesystem::path& path) {
  // Without O_NONBLOCK a named pipe that nobody writes to would be waited for, here.
  Descriptor file = OpenToRead(path, O_NONBLOCK);
  if (!S_ISREG(StatusOf(file, path).st_mode)) {
    ThrowUnreadable(path, "a regular file is expected");
  }
  return file;
}

std::string ReadFile(const std::filesystem::path& path) {
  constexpr off_t kMaxBytes = off_t{1} << 30U;
  const Descriptor file = OpenRegularFile(path);
  const off_t size = StatusOf(file, path).st_size;
  if (size > kMaxBytes) {
    ThrowUnreadable(path, "at most " + std::to_string(kMaxBytes) + " bytes are expected, not " +
                              std::to_string(size));
  }
  return ReadDescriptor(file.value(), path.string());
}

std::string ReadFileOrPipe(const std::filesystem::path& path) {
  const Descriptor file = OpenToRead(path, 0);
  StatusOf(file, path);
  return ReadDescriptor(file.value(), path.string());
}

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::status(path, ignored).type() != std::filesystem::file_type::not_found;
}

std::string ReadDescriptor(int descriptor, const std::string& name) {
  std::string bytes;
  std::array<char, 1U << 16U> buffer = {};
  while (true) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count == 0) {
      return bytes;
    }
    if (count > 0) {
      bytes.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      throw Error(ErrorCode::kUnreadable, name + ": cannot read: " + Reason(errno));
    }
  }
}

bool WriteDescriptor(int descriptor, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EPIPE) {
      return false;
    } else if (errno != EINTR) {
      ThrowUnwritable(name, errno);
    }
  }
  return true;
}

void WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    WriteInPlace(path, bytes);  // a device or a pipe must not be renamed over
    return;
  }
  std::filesystem::path staging = path;
  staging += ".tmp" + std::to_string(::getpid());
  try {
    WriteInPlace(staging, bytes);
    CommitFile(staging, path);
  } catch (...) {
    ::unlink(staging.c_str());
    throw;
  }
}

StagedDirectory::StagedDirectory(std::filesystem::path target, bool overwrite)
    : target_(std::move(target)) {
  if (target_.filename().empty()) {
    target_ = target_.parent_path();  // "out/" means "out"
  }
  staging_ = target_;
  staging_ += ".tmp" + std::to_string(::getpid());
  std::error_code error;
  if (!overwrite && std::filesystem::exists(std::filesystem::symlink_status(target_, error))) {
    throw Error(ErrorCode::kUsage, target_.string() + ": exists already; --overwrite replaces it");
  }
  std::filesystem::create_directories(staging_, error);
  if (error) {
    throw Error(ErrorCode::kUnwritable, staging_.string() + ": cannot create: " + error.message());
  }
}

StagedDirectory::~StagedDirectory() {
  if (!committed_) {
    std::error_code ignored;
    std::filesystem::remove_all(staging_, ignored);
  }
}

void StagedDirectory::Commit() {
  std::error_code error;
  std::filesystem::remove_all(target_, error);
  if (!error) {
    std::filesystem::rename(staging_, target_, error);
  }
  if (error) {
    throw Error(ErrorCode::kUnwritable, target_.string() + ": cannot write: " + error.message());
  }
  committed_ = true;
}

}  // namespace bertqa
