#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bertqa::fuzz {

/// A folder of this process's own, in memory where there is such a place, gone at the end: for
/// readers that take a path.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The path of the file, which has just these bytes now.
  std::filesystem::path Write(const std::string& name, std::string_view bytes) const;
  void Remove(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

/// The folder of this program.
const ScratchFolder& Folder();

}  // namespace bertqa::fuzz
