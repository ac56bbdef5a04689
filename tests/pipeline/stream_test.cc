#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <random>

#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

constexpr unsigned kSeed = 20250101;

std::string RandomWords(std::mt19937& random, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += "w" + std::to_string(random() % 40) + "x ";
  }
  return text;
}

/// Records of all kinds: short, long, of several documents, empty, broken.
std::vector<StreamInput> MakeInputs() {
  std::mt19937 random(kSeed);
  std::vector<StreamInput> inputs;
  for (int i = 0; i < 80; ++i) {
    StreamInput input;
    input.request.question = "q" + RandomWords(random, random() % 8);
    input.request.documents = {RandomWords(random, random() % (i % 7 == 0 ? 200 : 30))};
    if (i % 9 == 0) {
      input.request.documents.push_back(RandomWords(random, random() % 60));
    }
    if (i % 13 == 0) {
      input.request.documents = {""};
    }
    if (i % 17 == 0) {
      input.request.question = " ";
    }
    if (i % 19 == 0) {
      input.request.documents = {"a \xFF"};
    }
    if (i % 23 == 0) {
      input.error = RecordError{RecordErrorCode::kBadJson, "line 1: broken"};
    }
    inputs.push_back(std::move(input));
  }
  return inputs;
}

/// The outputs, described, in the order in which they come; `order` says which input comes when.
std::vector<std::string> RunStream(const QaPipeline& pipeline,
                                   const std::vector<StreamInput>& inputs,
                                   const std::vector<std::size_t>& order) {
  std::size_t next = 0;
  std::vector<std::string> outputs;
  pipeline.Stream(
      [&]() -> std::optional<StreamInput> {
        if (next == order.size()) {
          return std::nullopt;
        }
        StreamInput input = inputs[order[next]];
        input.request.payload = order[next++];
        return input;
      },
      [&](StreamOutput output) {
        outputs.push_back(std::to_string(std::any_cast<std::size_t>(output.request.payload)) +
                          ": " + Describe(output.outcome));
        return true;
      });
  return outputs;
}

std::vector<std::size_t> InputOrder(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

QaOptions WithLimits(std::size_t threads, std::size_t max_batch_tokens) {
  QaOptions options = SmallWindows();
  options.top_k = 3;
  options.threads = threads;
  options.max_batch_tokens = max_batch_tokens;
  return options;
}

TEST(StreamTest, OneOutputForEachInputInOrder) {
  const std::vector<StreamInput> inputs = MakeInputs();
  const QaPipeline pipeline(MakeFakeModel(), WithLimits(3, 64));
  const std::vector<std::string> outputs = RunStream(pipeline, inputs, InputOrder(inputs.size()));
  ASSERT_EQ(outputs.size(), inputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_TRUE(outputs[i].starts_with(std::to_string(i) + ": ")) << outputs[i];
  }
}

TEST(StreamTest, NeitherThreadsNorLimitsNorNeighboursChangeABit) {
  const std::vector<StreamInput> inputs = MakeInputs();
  std::vector<std::string> alone;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    alone.push_back(RunStream(QaPipeline(MakeFakeModel(), WithLimits(1, 1)), inputs, {i}).at(0));
  }
  std::mt19937 random(kSeed);
  for (const std::size_t threads : {1U, 2U, 3U, 4U}) {
    for (const std::size_t max_batch_tokens : {1U, 50U, 333U, 100'000U}) {
      std::vector<std::size_t> order = InputOrder(inputs.size());
      std::shuffle(order.begin(), order.end(), random);
      order.resize(1 + random() % order.size());  // other neighbours, too
      const QaPipeline pipeline(MakeFakeModel(), WithLimits(threads, max_batch_tokens));
      const std::vector<std::string> outputs = RunStream(pipeline, inputs, order);
      ASSERT_EQ(outputs.size(), order.size());
      for (std::size_t i = 0; i < order.size(); ++i) {
        ASSERT_EQ(outputs[i], alone[order[i]])
            << threads << " threads, " << max_batch_tokens << " tokens, seed " << kSeed;
      }
    }
  }
}

TEST(StreamTest, ARecordIsTheSameAsAskGivesIt) {
  const std::vector<StreamInput> inputs = MakeInputs();
  const QaPipeline pipeline(MakeFakeModel(), WithLimits(2, 100));
  const std::vector<std::string> outputs = RunStream(pipeline, inputs, InputOrder(inputs.size()));
  int asked = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (outputs[i].find(": error") == std::string::npos) {
      EXPECT_EQ(outputs[i], std::to_string(i) + ": " + Describe(pipeline.Ask(inputs[i].request)));
      ++asked;
    }
  }
  EXPECT_GT(asked, 50);
}

TEST(StreamTest, ThePayloadComesBackUntouched) {
  const QaPipeline pipeline(MakeFakeModel(), SmallWindows());
  bool given = false;
  std::string payload;
  pipeline.Stream(
      [&]() -> std::optional<StreamInput> {
        if (std::exchange(given, true)) {
          return std::nullopt;
        }
        StreamInput input;
        input.request = MakeRequest("q", "a b c");
        input.request.payload = std::string("carried");
        return input;
      },
      [&](StreamOutput output) {
        payload = std::any_cast<std::string>(output.request.payload);
        EXPECT_EQ(output.request.documents.at(0), "a b c");
        return true;
      });
  EXPECT_EQ(payload, "carried");
}

TEST(StreamTest, AnEmptyStreamEnds) {
  const QaPipeline pipeline(MakeFakeModel(), WithLimits(4, 64));
  const PipelineStats stats =
      pipeline.Stream([] { return std::nullopt; }, [](const StreamOutput&) { return false; });
  EXPECT_EQ(stats.records, 0U);
  EXPECT_EQ(stats.batches, 0U);
}

/// What the forward passes of one stream were given.
struct Observed {
  std::mutex mutex;
  std::size_t batches = 0;
  std::size_t windows = 0;
  std::size_t tokens = 0;
  std::size_t most_windows = 0;
  bool above_limit = false;
};

/// A window of 24 tokens goes alone where fewer are allowed; nothing else is above the limit.
TEST(StreamTest, BatchesStayBelowTheTokenLimitAndAreShared) {
  const std::vector<StreamInput> inputs = MakeInputs();
  for (const std::size_t limit : {1U, 10U, 23U, 24U, 25U, 48U, 100U, 1000U}) {
    Observed seen;
    const auto watch = [&](const PackedBatch& batch, std::size_t /*threads*/) {
      const std::lock_guard lock(seen.mutex);
      seen.batches += 1;
      seen.windows += batch.window_count();
      seen.tokens += batch.token_count();
      seen.most_windows = std::max(seen.most_windows, batch.window_count());
      seen.above_limit |= batch.token_count() > limit && batch.window_count() > 1;
    };
    const QaPipeline pipeline(MakeFakeModel(watch), WithLimits(2, limit));
    std::size_t next = 0;
    const PipelineStats stats = pipeline.Stream(
        [&] { return next < inputs.size() ? std::optional(inputs[next++]) : std::nullopt; },
        [](const StreamOutput&) { return true; });
    EXPECT_FALSE(seen.above_limit) << limit;
    EXPECT_EQ(seen.most_windows > 1, limit > 10) << "windows share a pass where two fit: " << limit;
    EXPECT_EQ(stats.records, inputs.size());
    EXPECT_EQ(stats.batches, seen.batches);
    EXPECT_EQ(stats.windows, seen.windows);
    EXPECT_EQ(stats.tokens, seen.tokens);
  }
}

/// Counts how many threads compute at a time.
class BusyCounter {
 public:
  void Work(std::size_t threads, std::size_t size) {
    const std::size_t now = busy_ += threads;
    std::size_t before = most_;
    while (before < now && !most_.compare_exchange_weak(before, now)) {
    }
    volatile std::size_t work = 0;  // long enough for others to come in
    for (std::size_t i = 0; i < 200 * size; ++i) {
      work = work + i;
    }
    busy_ -= threads;
  }
  std::size_t busy() const { return busy_; }
  std::size_t most() const { return most_; }

 private:
  std::atomic<std::size_t> busy_ = 0;
  std::atomic<std::size_t> most_ = 0;
};

/// Tokenizing is work as well.
class BusyTokenizer final : public Tokenizer {
 public:
  explicit BusyTokenizer(BusyCounter& counter) : counter_(counter) {}
  Encoding Encode(std::string_view text) const override {
    counter_.Work(1, text.size() / 4);
    return fake_.Encode(text);
  }
  std::size_t vocabulary_size() const override { return fake_.vocabulary_size(); }
  std::string_view Piece(TokenId id) const override { return fake_.Piece(id); }
  const PairTemplate& pair_template() const override { return fake_.pair_template(); }

 private:
  FakeTokenizer fake_;
  BusyCounter& counter_;
};

TEST(StreamTest, NeverComputesOnMoreThreadsThanAllowed) {
  const std::vector<StreamInput> inputs = MakeInputs();
  for (const std::size_t threads : {1U, 2U, 3U, 4U}) {
    BusyCounter counter;
    auto model = std::make_shared<Model>();
    model->tokenizer = std::make_unique<BusyTokenizer>(counter);
    model->qa = std::make_unique<FakeModel>([&](const PackedBatch& batch, std::size_t used) {
      EXPECT_GE(used, 1U);
      counter.Work(used, batch.token_count());
    });
    RunStream(QaPipeline(model, WithLimits(threads, 60)), inputs, InputOrder(inputs.size()));
    EXPECT_LE(counter.most(), threads);
    EXPECT_EQ(counter.busy(), 0U);
  }
}

}  // namespace
}  // namespace bertqa
