// Preloaded into bertqa by test_batch_faults.py: the k-th call that writes, syncs, cuts, renames or
// removes fails, or the process dies at it. $BERTQA_FAULT is "KIND:K", KIND one of ENOSPC, EIO,
// KILL, HALF (half of a write, then the end). Writes to standard output and error do not count.
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> calls = 0;

template <class Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// True if this is the call to fail with errno; does not return if it is the one to die at.
bool IsHit(bool& half) {
  const char* const plan = std::getenv("BERTQA_FAULT");
  if (plan == nullptr || ++calls != std::atol(std::strchr(plan, ':') + 1)) {
    return false;
  }
  half = plan[0] == 'H';
  if (plan[0] == 'K') {
    ::_exit(137);
  }
  errno = std::strncmp(plan, "EIO", 3) == 0 ? EIO : ENOSPC;
  return true;
}

bool Fails() {
  bool half = false;
  if (!IsHit(half)) {
    return false;
  }
  if (half) {
    ::_exit(137);
  }
  return true;
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t count) {
  static auto* const next = Next<ssize_t(int, const void*, size_t)>("write");
  bool half = false;
  if (descriptor > 2 && IsHit(half)) {
    if (!half) {
      return -1;
    }
    next(descriptor, bytes, count / 2);
    ::_exit(137);
  }
  return next(descriptor, bytes, count);
}

int fsync(int descriptor) {
  static auto* const next = Next<int(int)>("fsync");
  return Fails() ? -1 : next(descriptor);
}

int ftruncate(int descriptor, off_t size) noexcept {
  static auto* const next = Next<int(int, off_t)>("ftruncate");
  return Fails() ? -1 : next(descriptor, size);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const next = Next<int(const char*, const char*)>("rename");
  return Fails() ? -1 : next(from, to);
}

int unlink(const char* path) noexcept {
  static auto* const next = Next<int(const char*)>("unlink");
  return Fails() ? -1 : next(path);
}

}  // extern "C"
