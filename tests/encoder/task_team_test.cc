#include "encoder/task_team.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <stdexcept>

namespace bertqa {
namespace {

TEST(TaskTeamTest, EveryTaskRunsOnce) {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    TaskTeam team(threads);
    EXPECT_EQ(team.size(), threads);
    for (const std::size_t count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(count);
      std::atomic<bool> workers_known = true;
      team.ForEach(count, [&](std::size_t task, std::size_t worker) {
        ++runs[task];
        workers_known = workers_known && worker < threads;
      });
      for (const std::atomic<int>& run : runs) {
        EXPECT_EQ(run, 1);
      }
      EXPECT_TRUE(workers_known);
    }
  }
}

TEST(TaskTeamTest, StagesFollowEachOther) {
  TaskTeam team(3);
  std::vector<std::size_t> values(64, 0);
  for (std::size_t stage = 0; stage < 500; ++stage) {
    team.ForEach(values.size(), [&](std::size_t task, std::size_t /*worker*/) {
      // A task sees what the stage before wrote, whichever thread ran it.
      if (values[task] == stage) {
        values[task] = stage + 1;
      }
    });
  }
  EXPECT_EQ(std::accumulate(values.begin(), values.end(), std::size_t{0}), 64U * 500U);
}

TEST(TaskTeamTest, OneThreadIsTheCallersAlone) {
  TaskTeam team(1);
  std::set<std::thread::id> ids;
  team.ForEach(10, [&](std::size_t, std::size_t) { ids.insert(std::this_thread::get_id()); });
  EXPECT_EQ(ids, std::set{std::this_thread::get_id()});
}

TEST(TaskTeamTest, ExceptionsReachTheCallerAndTheTeamGoesOn) {
  TaskTeam team(3);
  for (int repeat = 0; repeat < 50; ++repeat) {
    EXPECT_THROW(team.ForEach(20,
                              [](std::size_t task, std::size_t) {
                                if (task % 5 == 3) {
                                  throw std::runtime_error("task");
                                }
                              }),
                 std::runtime_error);
    std::atomic<int> runs = 0;
    team.ForEach(20, [&](std::size_t, std::size_t) { ++runs; });
    EXPECT_EQ(runs, 20);
  }
}

}  // namespace
}  // namespace bertqa
