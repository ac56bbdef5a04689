// Preloaded into bertqa by the tests of faults: the k-th call that creates, writes, syncs, cuts,
// renames or removes a regular file fails, or the process dies at it. $BERTQA_FAULT is "KIND:K":
//   ENOSPC, EIO   the call fails
//   EINTR, SHORT  a write is interrupted, or half of it is done: it must go on by itself
//   KILL, HALF    the process dies before the call; after half of a write
//   POWER, BYTES  the same, and what was not synced is gone: names and bytes, or bytes alone
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "fault_disk.h"

namespace {

std::atomic<long> calls = 0;
thread_local bool is_ours = false;  // a call that the disk makes

fault::Disk& TheDisk() {
  static auto* const disk = new fault::Disk;  // outlives every thread
  return *disk;
}

template <class Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// The test learns that there were so many calls.
void LeaveMark() {
  const char* const spare = std::getenv("BERTQA_FAULT_SPARE");
  if (spare != nullptr) {
    is_ours = true;
    ::close(::open((std::string(spare) + "/hit").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    is_ours = false;
  }
}

/// The kind of the fault if this is the call that gets it. Does not return if it is to die here.
std::string Hit() {
  const char* const plan = std::getenv("BERTQA_FAULT");
  if (is_ours || plan == nullptr) {
    return "";
  }
  const char* const colon = std::strchr(plan, ':');
  if (++calls != std::atol(colon + 1)) {
    return "";
  }
  const std::string kind(plan, colon);
  LeaveMark();
  if (kind == "POWER" || kind == "BYTES") {
    is_ours = true;
    TheDisk().LosePower(kind == "POWER");
    ::_exit(137);
  }
  if (kind == "KILL") {
    ::_exit(137);
  }
  errno = kind == "EIO" ? EIO : kind == "EINTR" ? EINTR : ENOSPC;
  return kind;
}

/// For calls of which there is no half.
bool Fails() {
  const std::string kind = Hit();
  if (kind == "HALF") {
    ::_exit(137);
  }
  return kind == "EIO" || kind == "ENOSPC";
}

bool IsRegular(int descriptor) {
  struct stat status = {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

/// Tells the disk, with its own calls let through.
template <class Call>
void Tell(const Call& call) {
  if (!is_ours && std::getenv("BERTQA_FAULT_SPARE") != nullptr) {
    const int kept = errno;
    is_ours = true;
    call();
    is_ours = false;
    errno = kept;
  }
}

/// True if this call makes a file.
bool Creates(const char* path, int flags) {
  struct stat status = {};
  return (flags & O_CREAT) != 0 && !is_ours && ::stat(path, &status) != 0 && errno == ENOENT;
}

template <class Open>
int OpenFile(Open* next, const char* path, int flags, mode_t mode) {
  const bool creates = Creates(path, flags);
  if (creates && Fails()) {
    return -1;
  }
  const int descriptor = next(path, flags, mode);
  if (creates && descriptor >= 0) {
    Tell([&] { TheDisk().Created(path); });
  }
  return descriptor;
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static auto* const next = Next<int(const char*, int, ...)>("open");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenFile(next, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  static auto* const next = Next<int(const char*, int, ...)>("open64");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenFile(next, path, flags, mode);
}

/// What std::ofstream opens with.
FILE* fopen64(const char* path, const char* mode) {
  static auto* const next = Next<FILE*(const char*, const char*)>("fopen64");
  const bool creates = Creates(path, *mode == 'r' ? 0 : O_CREAT);
  if (creates && Fails()) {
    return nullptr;
  }
  FILE* const file = next(path, mode);
  if (creates && file != nullptr) {
    Tell([&] { TheDisk().Created(path); });
  }
  return file;
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
  static auto* const next = Next<ssize_t(int, const void*, size_t)>("write");
  if (descriptor <= 2 || !IsRegular(descriptor)) {
    return next(descriptor, bytes, count);
  }
  const std::string kind = Hit();
  if (kind == "EIO" || kind == "ENOSPC" || kind == "EINTR") {
    return -1;
  }
  Tell([&] { TheDisk().Write(descriptor); });
  const bool half = kind == "HALF" || (kind == "SHORT" && count > 1);
  const ssize_t written = next(descriptor, bytes, half ? count / 2 : count);
  if (kind == "HALF") {
    ::_exit(137);
  }
  return written;
}

ssize_t writev(int descriptor, const iovec* parts, int count) {
  static auto* const next = Next<ssize_t(int, const iovec*, int)>("writev");
  if (descriptor <= 2 || !IsRegular(descriptor)) {
    return next(descriptor, parts, count);
  }
  if (Fails()) {
    return -1;
  }
  Tell([&] { TheDisk().Write(descriptor); });
  return next(descriptor, parts, count);
}

int fsync(int descriptor) {
  static auto* const next = Next<int(int)>("fsync");
  if (Fails()) {
    return -1;
  }
  const int result = next(descriptor);
  Tell([&] { TheDisk().Synced(descriptor); });
  return result;
}

int ftruncate(int descriptor, off_t size) noexcept {
  static auto* const next = Next<int(int, off_t)>("ftruncate");
  if (Fails()) {
    return -1;
  }
  Tell([&] { TheDisk().Cut(descriptor, size); });
  return next(descriptor, size);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const next = Next<int(const char*, const char*)>("rename");
  if (Fails()) {
    return -1;
  }
  Tell([&] { TheDisk().Rename(from, to); });
  return next(from, to);
}

int unlink(const char* path) noexcept {
  static auto* const next = Next<int(const char*)>("unlink");
  if (Fails()) {
    return -1;
  }
  Tell([&] { TheDisk().Unlink(path); });
  return next(path);
}

/// What std::filesystem::remove calls.
int remove(const char* path) noexcept {
  static auto* const next = Next<int(const char*)>("remove");
  if (Fails()) {
    return -1;
  }
  Tell([&] { TheDisk().Unlink(path); });
  return next(path);
}

}  // extern "C"
