#pragma once

#include <cstddef>

namespace bertqa {

/// What this process has used of the machine since it began.
struct ProcessUsage {
  double user_seconds = 0;      ///< of processor time, over all threads
  double system_seconds = 0;    ///< the same, in the kernel
  std::size_t page_faults = 0;  ///< pages that the kernel had to provide without reading a disk
  std::size_t peak_bytes = 0;   ///< most memory that was resident at a time
};

ProcessUsage ReadProcessUsage();

}  // namespace bertqa
