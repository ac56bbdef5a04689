#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

QaRequest Question(std::size_t index) {
  return MakeRequest("q", "a b c d" + std::to_string(index));
}

/// One window a forward pass.
QaOptions SmallPasses(std::size_t threads) {
  QaOptions options = SmallWindows();
  options.threads = threads;
  options.max_batch_tokens = 1;
  return options;
}

TEST(StreamStopTest, WhatIsInFlightIsWrittenAndNothingElseBegins) {
  constexpr std::size_t kStopAt = 3;
  for (const std::size_t threads : {1U, 3U}) {
    std::stop_source stop;
    std::atomic<std::size_t> passes = 0;
    const auto model = MakeFakeModel([&](const PackedBatch&, std::size_t) {
      if (++passes == kStopAt) {
        stop.request_stop();
      }
    });
    const QaPipeline pipeline(model, SmallPasses(threads));
    const QaPipeline calm(MakeFakeModel(), SmallPasses(1));
    std::size_t given = 0;
    std::vector<std::string> written;
    pipeline.Stream(
        [&] {  // has no end
          return std::optional(StreamInput{Question(given++), {}});
        },
        [&](const StreamOutput& output) {
          written.push_back(Describe(output.outcome));
          return true;
        },
        {}, stop.get_token());
    EXPECT_EQ(written.size(), passes) << threads;
    EXPECT_GE(passes, kStopAt);
    EXPECT_LE(passes, kStopAt + threads - 1) << "those that had begun";
    for (std::size_t i = 0; i < written.size(); ++i) {
      EXPECT_EQ(written[i], Describe(calm.Ask(Question(i)))) << "of the record at its place";
    }
  }
}

TEST(StreamStopTest, AStopBeforeTheBeginningAnswersNothing) {
  std::stop_source stop;
  stop.request_stop();
  std::atomic<std::size_t> passes = 0;
  const QaPipeline pipeline(MakeFakeModel([&](const PackedBatch&, std::size_t) { ++passes; }),
                            SmallPasses(2));
  std::size_t written = 0;
  const PipelineStats stats =
      pipeline.Stream([&] { return std::optional(StreamInput{Question(0), {}}); },
                      [&](const StreamOutput&) { return ++written > 0; }, {}, stop.get_token());
  EXPECT_EQ(stats.records, 0U);
  EXPECT_EQ(written, 0U);
  EXPECT_EQ(passes, 0U);
}

TEST(StreamStopTest, ASourceThatWaitsEndsWithTheStop) {
  std::stop_source stop;
  const QaPipeline pipeline(MakeFakeModel(), SmallPasses(2));
  std::mutex mutex;
  std::condition_variable_any woken;
  std::size_t given = 0;
  std::size_t written = 0;
  pipeline.Stream(
      [&]() -> std::optional<StreamInput> {
        if (given < 5) {
          return StreamInput{Question(given++), {}};
        }
        std::unique_lock lock(mutex);  // as a terminal at which nobody types
        woken.wait(lock, stop.get_token(), [] { return false; });
        return std::nullopt;
      },
      [&](const StreamOutput&) {
        if (++written == 5) {
          stop.request_stop();
        }
        return true;
      },
      {}, stop.get_token());
  EXPECT_EQ(written, 5U);
}

}  // namespace
}  // namespace bertqa
