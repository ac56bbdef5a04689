#include "base/process_usage.h"

#include <gtest/gtest.h>

#include <vector>

namespace bertqa {
namespace {

TEST(ProcessUsageTest, MemoryThatIsTouchedCountsAsFaultsAndAsPeak) {
  constexpr std::size_t kBytes = std::size_t{64} << 20U;
  const ProcessUsage before = ReadProcessUsage();
  {
    std::vector<char> memory(kBytes, 'x');
    ASSERT_EQ(memory.back(), 'x');
  }
  const ProcessUsage after = ReadProcessUsage();
  EXPECT_GE(after.peak_bytes, kBytes);
  // Large pages may take fewer faults than there are small ones.
  EXPECT_GT(after.page_faults, before.page_faults);
}

TEST(ProcessUsageTest, WorkTakesProcessorTime) {
  const ProcessUsage before = ReadProcessUsage();
  volatile double sum = 0;
  double used = 0;
  while (used < 0.02) {
    for (int i = 0; i < 100000; ++i) {
      sum = sum + i;
    }
    const ProcessUsage now = ReadProcessUsage();
    used = now.user_seconds + now.system_seconds - before.user_seconds - before.system_seconds;
  }
  EXPECT_LT(used, 10);
}

}  // namespace
}  // namespace bertqa
