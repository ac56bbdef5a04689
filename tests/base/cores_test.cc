#include "base/cores.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>

#include "base/files.h"

namespace bertqa {
namespace {

TEST(CoresTest, QuotaIsRoundedUp) {
  EXPECT_EQ(ParseCpuMax("150000 100000\n"), 2U);
  EXPECT_EQ(ParseCpuMax("100000 100000\n"), 1U);
  EXPECT_EQ(ParseCpuMax("1000 100000\n"), 1U);
}

TEST(CoresTest, NoQuotaIsZero) {
  EXPECT_EQ(ParseCpuMax("max 100000\n"), 0U);
  EXPECT_EQ(ParseCpuMax("-1 100000\n"), 0U);
  EXPECT_EQ(ParseCpuMax(""), 0U);
}

/// A folder that stands for "/".
class QuotaTest : public testing::Test {
 protected:
  ~QuotaTest() override { std::filesystem::remove_all(system_); }

  void Write(const std::filesystem::path& path, std::string_view bytes) const {
    std::filesystem::create_directories((system_ / path).parent_path());
    WriteFileAtomically(system_ / path, bytes);
  }

  const std::filesystem::path system_ =
      std::filesystem::temp_directory_path() / ("bertqa-cores-" + std::to_string(getpid()));
};

TEST_F(QuotaTest, WithoutControlGroupsThereIsNone) {
  EXPECT_EQ(QuotaCores(system_), 0U);
}

TEST_F(QuotaTest, TheTightestOfAGroupAndItsParentsCounts) {
  Write("proc/self/cgroup", "1:name=systemd:/\n0::/user.slice/job\n");
  Write("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
  EXPECT_EQ(QuotaCores(system_), 0U);
  Write("sys/fs/cgroup/user.slice/cpu.max", "300000 100000\n");
  EXPECT_EQ(QuotaCores(system_), 3U);
  Write("sys/fs/cgroup/user.slice/job/cpu.max", "700000 100000\n");
  EXPECT_EQ(QuotaCores(system_), 3U);
  Write("sys/fs/cgroup/user.slice/job/cpu.max", "150000 100000\n");
  EXPECT_EQ(QuotaCores(system_), 2U);
  Write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(QuotaCores(system_), 1U);
}

TEST_F(QuotaTest, TheFirstVersionKeepsItsNumbersInTwoFiles) {
  Write("proc/self/cgroup", "4:cpu,cpuacct:/job\n");
  Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(QuotaCores(system_), 0U);
  Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
  EXPECT_EQ(QuotaCores(system_), 3U);
}

TEST(CoresTest, AffinityIsCounted) {
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  int first = 0;
  while (!CPU_ISSET(first, &all)) {
    ++first;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(AvailableCores(), 1U);
  ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
  EXPECT_GE(AvailableCores(), 1U);
}

}  // namespace
}  // namespace bertqa
