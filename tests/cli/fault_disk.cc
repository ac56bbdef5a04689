#include "fault_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ranges>

namespace fault {
namespace {

struct stat StatusOf(int descriptor) {
  struct stat status = {};
  ::fstat(descriptor, &status);
  return status;
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

void Disk::Write(int descriptor) {
  const std::lock_guard lock(mutex_);
  const struct stat status = StatusOf(descriptor);
  const auto [place, is_new] = bytes_.try_emplace({status.st_dev, status.st_ino});
  if (is_new) {
    place->second = {::dup(descriptor), status.st_size};
  }
}

void Disk::Cut(int descriptor, off_t size) {
  const std::lock_guard lock(mutex_);
  const struct stat status = StatusOf(descriptor);
  const auto found = bytes_.find({status.st_dev, status.st_ino});
  if (found != bytes_.end()) {
    found->second.synced = std::min(found->second.synced, size);
  }
}

void Disk::Synced(int descriptor) {
  const std::lock_guard lock(mutex_);
  const struct stat status = StatusOf(descriptor);
  const Inode inode = {status.st_dev, status.st_ino};
  if (S_ISDIR(status.st_mode)) {
    std::erase_if(changes_, [&](const Change& change) { return change.folder == inode; });
    return;
  }
  const auto found = bytes_.find(inode);
  if (found != bytes_.end()) {
    found->second.synced = status.st_size;
  }
}

std::string Disk::Spare(const char* path) {
  const std::string spare =
      std::string(std::getenv("BERTQA_FAULT_SPARE")) + "/" + std::to_string(spares_++);
  return ::link(path, spare.c_str()) == 0 ? spare : std::string();
}

void Disk::Add(const std::string& folder_of, std::string from, std::string to) {
  struct stat folder = {};
  ::stat(FolderOf(folder_of).c_str(), &folder);
  changes_.push_back({{folder.st_dev, folder.st_ino}, std::move(from), std::move(to)});
}

void Disk::Rename(const char* from, const char* to) {
  const std::lock_guard lock(mutex_);
  const std::string old = Spare(to);
  if (!old.empty()) {
    Add(to, old, to);  // undone last
  }
  Add(to, to, from);
}

void Disk::Unlink(const char* path) {
  const std::lock_guard lock(mutex_);
  const std::string old = Spare(path);
  if (!old.empty()) {
    Add(path, old, path);
  }
}

void Disk::Created(const char* path) {
  const std::lock_guard lock(mutex_);
  Add(path, path, "");
}

void Disk::LosePower(bool names) {
  mutex_.lock();  // for ever: nothing is written any more
  for (const auto& [inode, bytes] : bytes_) {
    if (StatusOf(bytes.descriptor).st_size > bytes.synced &&
        ::ftruncate(bytes.descriptor, bytes.synced) != 0) {
      std::abort();
    }
  }
  for (const Change& change : std::views::reverse(changes_)) {
    if (!names) {
      break;
    }
    if (change.to.empty()) {
      ::unlink(change.from.c_str());
    } else {
      std::rename(change.from.c_str(), change.to.c_str());
    }
  }
}

}  // namespace fault
