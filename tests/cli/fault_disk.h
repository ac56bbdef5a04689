#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace fault {

/// Knows which bytes and names of files were not synced, and takes them away: what a power loss may
/// do at worst. Cuts (ftruncate) are thought to last at once. Files that lost their name are kept
/// in the folder $BERTQA_FAULT_SPARE, since the name may come back.
/// Each method is called before the call that it is named after, Synced and Created behind it.
class Disk {
 public:
  void Write(int descriptor);
  void Cut(int descriptor, off_t size);
  void Rename(const char* from, const char* to);
  void Unlink(const char* path);
  void Created(const char* path);
  void Synced(int descriptor);

  /// Without `names`, these lasted and the bytes did not: files are there and empty, or too short.
  void LosePower(bool names);

 private:
  using Inode = std::pair<dev_t, ino_t>;

  struct Bytes {
    int descriptor = -1;  ///< our own, for writing
    off_t synced = 0;
  };

  /// One change of a folder. Undone by `from` -> `to`, or if `to` is empty by removing `from`.
  struct Change {
    Inode folder;
    std::string from;
    std::string to;
  };

  std::string Spare(const char* path);
  void Add(const std::string& folder_of, std::string from, std::string to);

  std::mutex mutex_;  // guards everything below
  std::map<Inode, Bytes> bytes_;
  std::vector<Change> changes_;
  int spares_ = 0;
};

}  // namespace fault
