#include "encoder/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/files.h"
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
  bytes_ = Map(path_, OpenRegularFile(path_).value());  // the mapping outlasts the descriptor
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) {
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
}

}  // namespace bertqa
