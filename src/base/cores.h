#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace bertqa {

/// Cores that this process may use: its affinity mask, cut by the cgroup's CPU quota (rounded up).
/// At least 1.
std::size_t AvailableCores();

/// The tightest CPU quota of this process's cgroup (v2 or v1) and its parents in cores, 0 if there
/// is none. `system` is "/"; the tests have a folder with `proc` and `sys` of their own.
std::size_t QuotaCores(const std::filesystem::path& system);

/// The cores of a cgroup v2 `cpu.max` ("150000 100000" is 2), or 0 for "max" and anything else.
std::size_t ParseCpuMax(std::string_view cpu_max);

}  // namespace bertqa
