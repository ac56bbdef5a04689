#include "encoder/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bertqa/error.h"

namespace bertqa {
namespace {

[[noreturn]] void ThrowUnreadable(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorCode::kUnreadable, path.string() + ": " + why);
}

std::string Reason() {
  return std::generic_category().message(errno);
}

std::span<const std::byte> Map(const std::filesystem::path& path, int descriptor) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) {
    ThrowUnreadable(path, "cannot read: " + Reason());
  }
  if (!S_ISREG(status.st_mode)) {
    ThrowUnreadable(path, S_ISDIR(status.st_mode) ? "is a directory, a file is expected"
                                                  : "a regular file is expected");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) {
    return {};  // an empty mapping is not allowed
  }
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED) {
    ThrowUnreadable(path, "cannot map into memory: " + Reason());
  }
  return {static_cast<const std::byte*>(address), size};
}

}  // namespace

MappedFile::MappedFile(std::filesystem::path path) : path_(std::move(path)) {
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    ThrowUnreadable(path_, "cannot open: " + Reason());
  }
  try {
    bytes_ = Map(path_, descriptor);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  ::close(descriptor);  // the mapping stays
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) {
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
}

}  // namespace bertqa
