#include "fuzz/scratch_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "fuzz/fuzz_target.h"

namespace bertqa::fuzz {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder() {
  const fs::path memory = "/dev/shm";
  const bool has_memory = ::access(memory.c_str(), W_OK) == 0;
  std::string name =
      ((has_memory ? memory : fs::temp_directory_path()) / "bertqa-fuzz-XXXXXX").string();
  Require(::mkdtemp(name.data()) != nullptr, "a folder for the input can be made");
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path ScratchFolder::Write(const std::string& name, std::string_view bytes) const {
  fs::path path = path_ / name;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  Require(file >= 0, "the input's file can be made");
  const ssize_t count = ::write(file, bytes.data(), bytes.size());
  ::close(file);
  Require(count == static_cast<ssize_t>(bytes.size()), "the input's file can be written");
  return path;
}

void ScratchFolder::Remove(const std::string& name) const {
  ::unlink((path_ / name).c_str());
}

const ScratchFolder& Folder() {
  static const ScratchFolder folder;
  return folder;
}

}  // namespace bertqa::fuzz
