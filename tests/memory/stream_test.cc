// What a stream does where there is no memory: a record fails, or the call throws. It never hangs,
// loses a record or changes the answer of another.

#include <gtest/gtest.h>

#include <new>

#include "bertqa/error.h"
#include "memory/failing_new.h"
#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

const std::string kNoMemory =
    Describe(RecordError{RecordErrorCode::kInternal, "out of memory"});  // NOLINT(cert-err58-cpp)

std::string Words(std::size_t count, char letter) {
  std::string words;
  for (std::size_t i = 0; i < count; ++i) {
    words += letter + std::to_string(100 + i) + " ";
  }
  return words;
}

/// Short, of many windows, of several documents, without one, asked twice, broken.
std::vector<StreamInput> MakeInputs() {
  std::vector<StreamInput> inputs;
  inputs.reserve(16);
  for (int i = 0; i < 4; ++i) {
    inputs.push_back({MakeRequest("what x" + std::to_string(i), Words(10, 'w')), {}});
  }
  inputs.push_back({MakeRequest("what", Words(90, 'u')), {}});
  inputs.push_back({MakeRequest("what", Words(90, 'u')), {}});
  inputs.push_back({{"which", {Words(3, 'v'), Words(30, 'w')}, {}}, {}});
  inputs.push_back({MakeRequest("what", ""), {}});
  inputs.push_back({MakeRequest("what", "\xFF"), {}});
  inputs.push_back({{}, RecordError{RecordErrorCode::kBadJson, "line 9: broken in some way"}});
  inputs.push_back({MakeRequest("who", Words(12, 'y')), {}});
  return inputs;
}

QaOptions Options(std::size_t threads) {
  QaOptions options = SmallWindows();
  options.threads = threads;
  options.max_batch_tokens = 60;
  options.top_k = 2;
  return options;
}

struct Ending {
  std::vector<std::string> outcomes;
  bool threw = false;
  std::size_t failures = 0;
};

/// Source and sink allocate nothing, so that what fails is the pipeline's.
Ending RunWith(const QaPipeline& pipeline, std::vector<StreamInput> inputs,
               const AllocationRule& rule) {
  std::vector<StreamOutput> outputs;
  outputs.reserve(inputs.size());
  std::size_t next = 0;
  const RequestSource source = [&]() -> std::optional<StreamInput> {
    return next < inputs.size() ? std::optional(std::move(inputs[next++])) : std::nullopt;
  };
  const ResultSink sink = [&](StreamOutput output) {
    outputs.push_back(std::move(output));
    return true;
  };
  Ending ending;
  {
    const FailingAllocations failing(rule);
    try {
      pipeline.Stream(source, sink);
    } catch (const std::bad_alloc&) {
      ending.threw = true;
    }
    ending.failures = FailingAllocations::failures();
  }
  for (const StreamOutput& output : outputs) {
    ending.outcomes.push_back(Describe(output.outcome));
  }
  return ending;
}

/// Runs until no call is left to fail; returns how many records failed in all of the runs.
std::size_t FailEach(const QaPipeline& pipeline, bool and_all_later) {
  const std::vector<std::string> expected = RunWith(pipeline, MakeInputs(), {}).outcomes;
  std::size_t failed_records = 0;
  for (std::size_t first = 1;; ++first) {
    const Ending ending =
        RunWith(pipeline, MakeInputs(), {.first = first, .and_all_later = and_all_later});
    if (!ending.threw) {
      EXPECT_EQ(ending.outcomes.size(), expected.size()) << "call " << first;
    }
    for (std::size_t i = 0; i < ending.outcomes.size(); ++i) {
      const bool failed = ending.outcomes[i] == kNoMemory;
      failed_records += failed ? 1 : 0;
      EXPECT_TRUE(failed || ending.outcomes[i] == expected[i])
          << "call " << first << ", record " << i << ": " << ending.outcomes[i];
    }
    if (ending.failures == 0) {
      EXPECT_GT(first, 100U);
      return failed_records;
    }
  }
}

TEST(StreamMemoryTest, AnyAllocationMayFail) {
  for (const std::size_t threads : {1U, 3U}) {
    const QaPipeline pipeline(MakeFakeModel(), Options(threads));
    EXPECT_GT(FailEach(pipeline, /*and_all_later=*/false), 10U) << threads << " threads";
  }
}

TEST(StreamMemoryTest, AllAllocationsFromAnyOnMayFail) {
  for (const std::size_t threads : {1U, 3U}) {
    const QaPipeline pipeline(MakeFakeModel(), Options(threads));
    EXPECT_GT(FailEach(pipeline, /*and_all_later=*/true), 10U) << threads << " threads";
  }
}

/// The large one fails for its own sake only.
TEST(StreamMemoryTest, ARecordThatDoesNotFitFailsAlone) {
  const QaPipeline pipeline(MakeFakeModel(), Options(2));
  std::vector<StreamInput> inputs = MakeInputs();
  const std::vector<std::string> expected = RunWith(pipeline, inputs, {}).outcomes;
  constexpr std::size_t kPlace = 3;
  inputs[kPlace].request.documents = {Words(20'000, 'z')};  // 100 kB, 20,000 tokens
  for (const std::size_t max_bytes : {std::size_t{50'000}, std::size_t{200'000}}) {
    const Ending ending = RunWith(pipeline, inputs, {.max_bytes = max_bytes});
    ASSERT_FALSE(ending.threw);
    ASSERT_EQ(ending.outcomes.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(ending.outcomes[i], i == kPlace ? kNoMemory : expected[i]) << "record " << i;
    }
  }
}

TEST(StreamMemoryTest, AskSaysThatThereIsNoMemory) {
  const QaPipeline pipeline(MakeFakeModel(), Options(1));
  const QaRequest request = MakeRequest("what", Words(20'000, 'z'));
  std::string message;
  {
    const FailingAllocations failing({.max_bytes = 200'000});
    try {
      pipeline.Ask(request);
    } catch (const Error& error) {
      message = error.what();
    }
  }
  EXPECT_EQ(message, "out of memory");
}

}  // namespace
}  // namespace bertqa
