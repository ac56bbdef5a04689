#include "descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/staged_file.h"
#include "bertqa/error.h"

namespace bertqa::cli {
namespace {

std::string Reason() {
  return std::generic_category().message(errno);
}

struct stat StatusOf(int descriptor) {
  struct stat status = {};
  ::fstat(descriptor, &status);
  return status;
}

}  // namespace

Descriptor OpenInput(const std::string& path) {
  if (path == "-") {
    if (::isatty(STDIN_FILENO) == 1) {
      throw Error(ErrorCode::kUsage, "no input: name a FILE, or pipe records into the command");
    }
    return Descriptor::Borrow(STDIN_FILENO);
  }
  Descriptor input(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (input.value() < 0) {
    throw Error(ErrorCode::kUnreadable, path + ": cannot open: " + Reason());
  }
  if (S_ISDIR(StatusOf(input.value()).st_mode)) {
    throw Error(ErrorCode::kUnreadable, path + ": is a directory, a file is expected");
  }
  return input;
}

Descriptor OpenOutput(const std::string& path, Existing existing, const Descriptor& input) {
  if (path == "-") {
    return Descriptor::Borrow(STDOUT_FILENO);
  }
  const int access = existing == Existing::kContinue ? O_RDWR : O_WRONLY;
  Descriptor output(::open(path.c_str(), access | O_CREAT | O_CLOEXEC, 0666));
  if (output.value() < 0) {
    throw Error(ErrorCode::kUnwritable, path + ": cannot write: " + Reason());
  }
  if (IsRegularFile(output)) {
    LockForWriting(output, path);  // before its size is asked for
  }
  const struct stat status = StatusOf(output.value());
  const struct stat source = StatusOf(input.value());
  if (S_ISREG(status.st_mode) && status.st_dev == source.st_dev && status.st_ino == source.st_ino) {
    throw Error(ErrorCode::kUsage, path + ": is the input, it cannot be the output as well");
  }
  if (S_ISREG(status.st_mode) && status.st_size > 0 && existing == Existing::kRefuse) {
    throw Error(ErrorCode::kUsage, path + ": is not empty; --overwrite replaces it");
  }
  return output;
}

void RequireWritable(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  const bool is_folder = std::filesystem::is_directory(path);
  if (is_folder || ::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw Error(ErrorCode::kUnwritable,
                path + ": cannot write: " + (is_folder ? "is a directory" : Reason()));
  }
}

void ClearOutput(const Descriptor& output) {
  if (S_ISREG(StatusOf(output.value()).st_mode) && !output.is_borrowed() &&
      ::ftruncate(output.value(), 0) != 0) {
    throw Error(ErrorCode::kUnwritable, "output: cannot be emptied: " + Reason());
  }
}

void CutOutput(const Descriptor& output, std::size_t bytes) {
  if (::ftruncate(output.value(), static_cast<off_t>(bytes)) != 0 ||
      ::lseek(output.value(), 0, SEEK_END) < 0) {
    throw Error(ErrorCode::kUnwritable, "output: cannot be cut: " + Reason());
  }
}

bool IsRegularFile(const Descriptor& file) {
  return S_ISREG(StatusOf(file.value()).st_mode);
}

std::size_t SizeOf(const Descriptor& file) {
  return static_cast<std::size_t>(StatusOf(file.value()).st_size);
}

}  // namespace bertqa::cli
