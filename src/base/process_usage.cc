#include "base/process_usage.h"

#include <sys/resource.h>
#include <sys/time.h>

#include <charconv>
#include <string>

#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

constexpr std::size_t kKibibyte = 1024;

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// The kernel's high-water mark in KiB, 0 where it is not told. Not getrusage's, which after a fork
/// begins at the memory of the process that started this one.
std::size_t HighWaterMark() {
  try {
    const std::string status = ReadFile("/proc/self/status");
    constexpr const char* kKey = "VmHWM:";
    const std::size_t key = status.find(kKey);
    const std::size_t begin = status.find_first_of("0123456789", key);
    if (key == std::string::npos || begin == std::string::npos) {
      return 0;
    }
    std::size_t kibibytes = 0;
    std::from_chars(status.data() + begin, status.data() + status.size(), kibibytes);
    return kibibytes;
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace

ProcessUsage ReadProcessUsage() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  const std::size_t high_water = HighWaterMark();
  return {.user_seconds = Seconds(usage.ru_utime),
          .system_seconds = Seconds(usage.ru_stime),
          .page_faults = static_cast<std::size_t>(usage.ru_minflt),
          .peak_bytes = kKibibyte *
                        (high_water > 0 ? high_water : static_cast<std::size_t>(usage.ru_maxrss))};
}

}  // namespace bertqa
