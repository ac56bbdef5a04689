#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "base/error_of.h"
#include "bertqa/error.h"
#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

constexpr std::size_t kRecords = 60;

StreamInput MakeInput(std::size_t index) {
  StreamInput input;
  input.request = MakeRequest("q", "a b c d" + std::to_string(index));
  return input;
}

QaOptions WithLimits(std::size_t threads, std::size_t max_batch_tokens) {
  QaOptions options = SmallWindows();
  options.threads = threads;
  options.max_batch_tokens = max_batch_tokens;
  return options;
}

RequestSource CountTo(std::size_t count, std::size_t& next) {
  return [count, &next] { return next < count ? std::optional(MakeInput(next++)) : std::nullopt; };
}

TEST(StreamFailureTest, AForwardPassThatThrowsFailsOnlyItsRecord) {
  for (const std::size_t max_batch_tokens : {1U, 100U, 10'000U}) {
    const QaPipeline pipeline(MakeFakeModel(), WithLimits(2, max_batch_tokens));
    std::size_t next = 0;
    std::vector<std::string> outcomes;
    pipeline.Stream(
        [&]() -> std::optional<StreamInput> {
          if (next == kRecords) {
            return std::nullopt;
          }
          StreamInput input = MakeInput(next);
          if (next++ % 10 == 3) {
            input.request.documents[0] += " poison";
          }
          return input;
        },
        [&](const StreamOutput& output) {
          outcomes.push_back(Describe(output.outcome));
          return true;
        });
    ASSERT_EQ(outcomes.size(), kRecords);
    for (std::size_t i = 0; i < kRecords; ++i) {
      const std::string expected =
          i % 10 == 3 ? "error " + std::to_string(static_cast<int>(RecordErrorCode::kInternal)) +
                            " poisoned"
                      : Describe(pipeline.Ask(MakeInput(i).request));
      EXPECT_EQ(outcomes[i], expected) << "record " << i << ", limit " << max_batch_tokens;
    }
  }
}

TEST(StreamFailureTest, OneBadWindowFailsItsWholeRecord) {
  const QaPipeline pipeline(MakeFakeModel(), WithLimits(2, 1));
  std::string context;
  for (int i = 0; i < 200; ++i) {
    context += i == 150 ? "poison " : "a ";
  }
  EXPECT_EQ(ErrorOf(ErrorCode::kInternal, [&] { pipeline.Ask(MakeRequest("q", context)); }),
            "poisoned");
}

TEST(StreamFailureTest, WhatTheSourceThrowsComesOutAfterTheAnswers) {
  for (const std::size_t threads : {1U, 3U}) {
    const QaPipeline pipeline(MakeFakeModel(), WithLimits(threads, 100));
    std::size_t next = 0;
    std::size_t answered = 0;
    const RequestSource source = [&]() -> std::optional<StreamInput> {
      if (next == kRecords) {
        throw std::runtime_error("disk gone");
      }
      return MakeInput(next++);
    };
    const ResultSink sink = [&](const StreamOutput& output) {
      EXPECT_TRUE(std::holds_alternative<QaResult>(output.outcome));
      ++answered;
      return true;
    };
    try {
      pipeline.Stream(source, sink);
      ADD_FAILURE() << "no error";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "disk gone");
    }
    EXPECT_EQ(answered, kRecords);
  }
}

TEST(StreamFailureTest, ASinkThatSaysNoIsNotCalledAgain) {
  const QaPipeline pipeline(MakeFakeModel(), WithLimits(2, 100));
  std::size_t calls = 0;
  std::atomic<std::size_t> given = 0;
  pipeline.Stream([&]() -> std::optional<StreamInput> { return MakeInput(given++); },  // no end
                  [&](const StreamOutput&) { return ++calls < 5; });
  EXPECT_EQ(calls, 5U);
}

TEST(StreamFailureTest, WhatTheSinkThrowsComesOut) {
  const QaPipeline pipeline(MakeFakeModel(), WithLimits(2, 100));
  std::atomic<std::size_t> given = 0;
  std::size_t calls = 0;
  const ResultSink sink = [&](const StreamOutput&) -> bool {
    if (++calls == 3) {
      throw Error(ErrorCode::kUnwritable, "disk full");
    }
    return true;
  };
  EXPECT_THROW(
      pipeline.Stream([&]() -> std::optional<StreamInput> { return MakeInput(given++); }, sink),
      Error);
  EXPECT_EQ(calls, 3U);
}

TEST(StreamFailureTest, WhatIdleThrowsComesOut) {
  const QaPipeline pipeline(MakeFakeModel(), WithLimits(2, 100));
  std::size_t next = 0;
  EXPECT_THROW(pipeline.Stream(
                   CountTo(kRecords, next), [](const StreamOutput&) { return true; },
                   [] { throw Error(ErrorCode::kUnwritable, "disk full"); }),
               Error);
}

TEST(StreamFailureTest, ThePipelineCanBeUsedAgain) {
  const QaPipeline pipeline(MakeFakeModel(), WithLimits(2, 100));
  std::size_t next = 0;
  pipeline.Stream(CountTo(kRecords, next), [](const StreamOutput&) { return false; });
  next = 0;
  std::size_t answered = 0;
  pipeline.Stream(CountTo(kRecords, next), [&](const StreamOutput&) { return ++answered > 0; });
  EXPECT_EQ(answered, kRecords);
}

}  // namespace
}  // namespace bertqa
