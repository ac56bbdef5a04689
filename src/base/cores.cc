#include "base/cores.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

std::string ReadOrEmpty(const std::filesystem::path& path) {
  try {
    return ReadFile(path);
  } catch (const Error&) {
    return {};
  }
}

std::size_t AffinityCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) {
    return 1;
  }
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
}

/// The path of this process's cgroup v2 ("0::/user.slice/…").
std::string CgroupPath(const std::filesystem::path& system) {
  const std::string groups = ReadOrEmpty(system / "proc/self/cgroup");
  const std::size_t begin = groups.find("0::/");
  if (begin == std::string::npos) {
    return "/";
  }
  const std::size_t path = begin + 3;
  return groups.substr(path, groups.find('\n', path) - path);
}

std::size_t SmallerQuota(std::size_t left, std::size_t right) {
  if (left == 0 || right == 0) {
    return std::max(left, right);
  }
  return std::min(left, right);
}

}  // namespace

std::size_t ParseCpuMax(std::string_view cpu_max) {
  const std::string text(cpu_max);
  long long quota = 0;
  long long period = 0;
  if (std::sscanf(text.c_str(), "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0) {
    return 0;
  }
  return static_cast<std::size_t>((quota + period - 1) / period);
}

std::size_t QuotaCores(const std::filesystem::path& system) {
  const std::filesystem::path root = system / "sys/fs/cgroup";
  std::size_t quota = ParseCpuMax(ReadOrEmpty(root / "cpu.max"));
  std::filesystem::path folder = root;
  const std::filesystem::path group = CgroupPath(system);
  for (const std::filesystem::path& part : group.relative_path()) {
    folder /= part;
    quota = SmallerQuota(quota, ParseCpuMax(ReadOrEmpty(folder / "cpu.max")));
  }
  // cgroup v1 keeps the two numbers in two files.
  const std::string v1_quota = ReadOrEmpty(root / "cpu/cpu.cfs_quota_us");
  const std::string v1_period = ReadOrEmpty(root / "cpu/cpu.cfs_period_us");
  return SmallerQuota(quota,
                      ParseCpuMax(v1_quota.substr(0, v1_quota.find('\n')) + " " + v1_period));
}

std::size_t AvailableCores() {
  const std::size_t quota = QuotaCores("/");
  const std::size_t cores = AffinityCores();
  return quota == 0 ? cores : std::min(cores, quota);
}

}  // namespace bertqa
