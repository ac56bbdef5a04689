#include "base/cores.h"

#include <gtest/gtest.h>
#include <sched.h>

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
