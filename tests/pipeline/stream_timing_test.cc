#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

/// Only reached when a test fails, so that it does not hang.
constexpr std::chrono::seconds kPatience(30);

StreamInput MakeInput(std::size_t index) {
  StreamInput input;
  input.request = MakeRequest("q", "a b c d" + std::to_string(index));
  return input;
}

/// A counter that threads wait for.
class Counter {
 public:
  void Set(std::size_t value) {
    const std::lock_guard lock(mutex_);
    value_ = value;
    changed_.notify_all();
  }
  bool WaitFor(std::size_t value) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return value_ >= value; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t value_ = 0;
};

TEST(StreamTimingTest, ASourceThatPausesGetsItsAnswersFlushedFirst) {
  for (const std::size_t threads : {1U, 4U}) {
    for (const std::size_t burst : {1U, 3U}) {
      QaOptions options = SmallWindows();
      options.threads = threads;
      const QaPipeline pipeline(MakeFakeModel(), options);
      constexpr std::size_t kRecords = 12;
      Counter flushed;
      std::size_t written = 0;  // by the sink's thread only
      std::size_t given = 0;
      pipeline.Stream(
          [&]() -> std::optional<StreamInput> {
            // As a co-process does: asks a few, then waits for all its answers.
            if (given % burst == 0) {
              EXPECT_TRUE(flushed.WaitFor(given)) << "answers are held back, " << threads;
            }
            return given < kRecords ? std::optional(MakeInput(given++)) : std::nullopt;
          },
          [&](const StreamOutput&) {
            ++written;
            return true;
          },
          [&] { flushed.Set(written); });
      EXPECT_EQ(written, kRecords);
    }
  }
}

TEST(StreamTimingTest, SinkAndIdleAreCalledOnOneThreadThatIsNotTheSources) {
  QaOptions options = SmallWindows();
  options.threads = 3;
  const QaPipeline pipeline(MakeFakeModel(), options);
  std::size_t given = 0;
  std::atomic<std::thread::id> source_thread;
  std::vector<std::thread::id> sink_threads;
  pipeline.Stream(
      [&] {
        source_thread = std::this_thread::get_id();
        return given < 50 ? std::optional(MakeInput(given++)) : std::nullopt;
      },
      [&](const StreamOutput&) {
        sink_threads.push_back(std::this_thread::get_id());
        return true;
      },
      [&] { sink_threads.push_back(std::this_thread::get_id()); });
  for (const std::thread::id id : sink_threads) {
    EXPECT_EQ(id, sink_threads.front());
    EXPECT_NE(id, source_thread.load());
  }
}

/// Counts how many of its kind are alive.
class Payload {
 public:
  explicit Payload(std::atomic<std::size_t>& alive) : alive_(&alive) { ++*alive_; }
  Payload(const Payload& other) : alive_(other.alive_) { ++*alive_; }
  Payload& operator=(const Payload&) = delete;
  ~Payload() { --*alive_; }

 private:
  std::atomic<std::size_t>* alive_;
};

TEST(StreamTimingTest, MemoryIsBoundedHoweverSlowTheSinkIs) {
  constexpr std::size_t kRecords = 3000;
  constexpr std::size_t kReadAhead = 10;
  // 8 batches ahead of 64 tokens for each of 2 threads, at 32 tokens and more a record; and one
  // record each in the hands of the source, the reader and the sink.
  constexpr std::size_t kMost = 8 * 64 * 2 / 32 + 3;
  QaOptions options = SmallWindows();
  options.threads = 2;
  options.max_batch_tokens = 64;
  const QaPipeline pipeline(MakeFakeModel(), options);
  std::atomic<std::size_t> alive = 0;
  std::size_t most = 0;
  Counter given;
  std::size_t next = 0;
  std::size_t taken = 0;
  pipeline.Stream(
      [&]() -> std::optional<StreamInput> {
        given.Set(next);
        if (next == kRecords) {
          return std::nullopt;
        }
        StreamInput input = MakeInput(next++);
        input.request.payload = std::make_shared<Payload>(alive);  // shared by copies of the any
        most = std::max<std::size_t>(most, alive);
        return input;
      },
      [&](const StreamOutput&) {
        // Slow: takes one only when the source is well ahead of it.
        EXPECT_TRUE(given.WaitFor(std::min(taken + kReadAhead, kRecords)));
        ++taken;
        return true;
      });
  EXPECT_EQ(taken, kRecords);
  EXPECT_EQ(alive, 0U);
  EXPECT_GE(most, kReadAhead);
  EXPECT_LE(most, kMost);
}

TEST(StreamTimingTest, ARecordLargerThanTheBoundPassesAlone) {
  QaOptions options = SmallWindows();
  options.threads = 2;
  options.max_batch_tokens = 1;
  const QaPipeline pipeline(MakeFakeModel(), options);
  std::string context;
  for (int i = 0; i < 5000; ++i) {
    context += "word ";
  }
  std::size_t given = 0;
  std::size_t taken = 0;
  pipeline.Stream(
      [&]() -> std::optional<StreamInput> {
        StreamInput input;
        input.request = MakeRequest("q", context);
        return given++ < 4 ? std::optional(std::move(input)) : std::nullopt;
      },
      [&](const StreamOutput& output) {
        EXPECT_TRUE(std::holds_alternative<QaResult>(output.outcome));
        ++taken;
        return true;
      });
  EXPECT_EQ(taken, 4U);
}

}  // namespace
}  // namespace bertqa
