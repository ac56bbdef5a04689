#pragma once

#include <cstddef>
#include <string_view>

namespace bertqa {

/// Cores that this process may use: its affinity mask, cut by the cgroup's CPU quota (rounded up).
/// At least 1.
std::size_t AvailableCores();

/// The cores of a cgroup v2 `cpu.max` ("150000 100000" is 2), or 0 for "max" and anything else.
std::size_t ParseCpuMax(std::string_view cpu_max);

}  // namespace bertqa
