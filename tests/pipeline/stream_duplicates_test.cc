#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "bertqa/error.h"
#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

constexpr unsigned kSeed = 20250611;

StreamInput MakeInput(std::size_t number) {
  StreamInput input;
  std::string context;
  for (std::size_t i = 0; i <= number * 3; ++i) {
    context += "w" + std::to_string(number * 100 + i) + " ";
  }
  input.request = MakeRequest("q" + std::to_string(number % 3), context);
  if (number % 5 == 4) {
    input.request.documents.emplace_back("another text");
  }
  if (number % 7 == 6) {
    input.request.question = " ";  // an error that the pipeline finds
  }
  return input;
}

struct Answers {
  std::vector<std::string> outputs;  ///< payload and outcome, in order
  PipelineStats stats;
};

Answers RunStream(const QaPipeline& pipeline, const std::vector<StreamInput>& inputs) {
  Answers run;
  std::size_t next = 0;
  run.stats = pipeline.Stream(
      [&]() -> std::optional<StreamInput> {
        if (next == inputs.size()) {
          return std::nullopt;
        }
        StreamInput input = inputs[next];
        input.request.payload = next++;
        return input;
      },
      [&](const StreamOutput& output) {
        run.outputs.push_back(std::to_string(std::any_cast<std::size_t>(output.request.payload)) +
                              " " + output.request.documents.at(0) + ": " +
                              Describe(output.outcome));
        return true;
      });
  return run;
}

QaOptions WithThreads(std::size_t threads) {
  QaOptions options = SmallWindows();
  options.top_k = 3;
  options.threads = threads;
  options.max_batch_tokens = 100;
  return options;
}

TEST(StreamDuplicatesTest, AreComputedOnceAndAnsweredAsIfTheyWereNot) {
  constexpr std::size_t kDistinct = 12;
  std::mt19937 random(kSeed);
  for (const std::size_t threads : {1U, 3U}) {
    std::vector<StreamInput> inputs;
    std::vector<std::string> expected;
    std::atomic<std::size_t> windows = 0;
    const QaPipeline pipeline(MakeFakeModel([&](const PackedBatch& batch, std::size_t) {
                                windows += batch.window_count();
                              }),
                              WithThreads(threads));
    std::size_t distinct_windows = 0;
    std::vector<std::string> alone(kDistinct);
    for (std::size_t i = 0; i < kDistinct; ++i) {
      const Answers run = RunStream(pipeline, {MakeInput(i)});
      alone[i] = run.outputs.at(0).substr(1);  // without the payload, which is 0
      distinct_windows += run.stats.windows;
    }
    for (std::size_t i = 0; i < 400; ++i) {
      const std::size_t number = i < kDistinct ? i : random() % kDistinct;
      inputs.push_back(MakeInput(number));
      expected.push_back(std::to_string(i) + alone[number]);
    }
    windows = 0;
    const Answers run = RunStream(pipeline, inputs);
    EXPECT_EQ(run.outputs, expected) << threads << " threads, seed " << kSeed;
    EXPECT_EQ(windows, distinct_windows);
    EXPECT_EQ(run.stats.windows, distinct_windows);
    EXPECT_EQ(run.stats.records, inputs.size());
    EXPECT_EQ(run.stats.duplicates, inputs.size() - kDistinct);
  }
}

TEST(StreamDuplicatesTest, ARecordThatIsBrokenAlreadyKeepsItsOwnError) {
  std::vector<StreamInput> inputs(4, MakeInput(1));
  inputs[1].error = RecordError{RecordErrorCode::kBadJson, "line 2: broken"};
  inputs[3].error = RecordError{RecordErrorCode::kMissingField, "line 4: no context"};
  const Answers run = RunStream(QaPipeline(MakeFakeModel(), WithThreads(2)), inputs);
  EXPECT_NE(run.outputs.at(1).find("line 2: broken"), std::string::npos);
  EXPECT_NE(run.outputs.at(3).find("line 4: no context"), std::string::npos);
  EXPECT_EQ(run.outputs.at(2).find("error"), std::string::npos);
  EXPECT_EQ(run.stats.duplicates, 1U);
}

TEST(StreamDuplicatesTest, AFailureOfTheMachineIsNotRemembered) {
  std::atomic<bool> has_failed = false;
  const QaPipeline pipeline(MakeFakeModel([&](const PackedBatch&, std::size_t) {
                              if (!has_failed.exchange(true)) {
                                throw Error(ErrorCode::kInternal, "out of memory");
                              }
                            }),
                            WithThreads(1));
  std::atomic<std::size_t> written = 0;
  std::size_t given = 0;
  std::vector<std::string> outputs;
  const PipelineStats stats = pipeline.Stream(
      [&]() -> std::optional<StreamInput> {
        for (std::size_t seen = written; seen < given; seen = written) {
          written.wait(seen);  // as a co-process: an answer before the next question
        }
        return given++ < 3 ? std::optional(MakeInput(0)) : std::nullopt;
      },
      [&](const StreamOutput& output) {
        outputs.push_back(Describe(output.outcome));
        ++written;
        written.notify_one();
        return true;
      });
  ASSERT_EQ(outputs.size(), 3U);
  EXPECT_NE(outputs[0].find("out of memory"), std::string::npos);
  EXPECT_EQ(outputs[1].find("error"), std::string::npos);
  EXPECT_EQ(outputs[1], outputs[2]);
  EXPECT_EQ(stats.duplicates, 1U);
}

}  // namespace
}  // namespace bertqa
