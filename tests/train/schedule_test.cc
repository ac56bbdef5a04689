#include "train/schedule.h"

#include <gtest/gtest.h>

namespace bertqa {
namespace {

TEST(LinearSchedule, RisesAndFallsAsTransformersDoes) {
  // get_linear_schedule_with_warmup(optimizer, 4, 10), peak 1, of transformers 4.57.6.
  const LinearSchedule schedule = MakeSchedule(1, 0.4, 10);
  EXPECT_EQ(schedule.warmup_steps, 4U);
  const double expected[] = {0, 0.25, 0.5, 0.75, 1, 5.0 / 6, 4.0 / 6, 3.0 / 6, 2.0 / 6, 1.0 / 6};
  for (std::size_t step = 0; step < 10; ++step) {
    EXPECT_NEAR(schedule.RateAt(step), expected[step], 1e-12) << step;
  }
  EXPECT_EQ(schedule.RateAt(10), 0);
}

TEST(LinearSchedule, RoundsTheWarmUpUp) {
  EXPECT_EQ(MakeSchedule(1, 0.1, 11).warmup_steps, 2U);
  EXPECT_EQ(MakeSchedule(1, 0, 11).RateAt(0), 1);
  EXPECT_LT(MakeSchedule(1, 1, 4).RateAt(3), 1);
}

}  // namespace
}  // namespace bertqa
