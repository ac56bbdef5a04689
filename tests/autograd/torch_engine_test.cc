#include "autograd/torch_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "bertqa/error.h"
#include "kernels/isa.h"

namespace bertqa {
namespace {

EngineOptions SmallOptions() {
  EngineOptions options;
  options.config.vocabulary_size = 30;
  options.config.hidden_size = 16;
  options.config.layers = 2;
  options.config.attention_heads = 2;
  options.config.intermediate_size = 24;
  options.config.max_positions = 20;
  options.seed = 5;
  return options;
}

/// Random windows of 4 to 20 tokens.
std::vector<TrainingBatch> RandomBatches(std::size_t batches, std::size_t windows) {
  std::mt19937 bits(3);
  std::vector<TrainingBatch> all(batches);
  for (TrainingBatch& batch : all) {
    for (std::size_t window = 0; window < windows; ++window) {
      const std::size_t tokens = 4 + bits() % 17;
      for (std::size_t token = 0; token < tokens; ++token) {
        batch.inputs.ids.push_back(static_cast<TokenId>(bits() % 30));
        batch.inputs.segments.push_back(token * 3 < tokens ? 0 : 1);
      }
      batch.inputs.offsets.push_back(batch.inputs.ids.size());
      batch.start_positions.push_back(bits() % tokens);
      batch.end_positions.push_back(bits() % tokens);
    }
  }
  return all;
}

void FillRandom(TrainingEngine& engine) {
  std::mt19937 bits(11);
  std::normal_distribution<float> normal(0, 0.2F);
  for (const StateTensor& tensor : engine.state()) {
    const bool is_moment = tensor.name.starts_with("exp_avg");
    const bool is_scale = tensor.name.ends_with("LayerNorm.weight");
    for (float& value : tensor.values) {
      value = is_moment ? 0 : normal(bits) + (is_scale ? 1.0F : 0.0F);
    }
  }
  engine.Upload();
}

std::vector<float> StateOf(TrainingEngine& engine) {
  engine.Download();
  std::vector<float> all;
  for (const StateTensor& tensor : engine.state()) {
    all.insert(all.end(), tensor.values.begin(), tensor.values.end());
  }
  return all;
}

std::vector<double> Train(TrainingEngine& engine, const std::vector<TrainingBatch>& batches,
                          std::size_t first, std::size_t last) {
  std::vector<double> losses;
  for (std::size_t step = first; step < last; ++step) {
    StepInput input;
    input.batches = batches;
    input.learning_rate = 0.01;
    input.step = step;
    losses.push_back(engine.Step(input).loss);
  }
  return losses;
}

TEST(TorchEngine, LearnsItsBatchByHeart) {
  EngineOptions options = SmallOptions();
  options.dropout = 0;
  TorchEngine engine(options);
  FillRandom(engine);
  const std::vector<double> losses = Train(engine, RandomBatches(2, 4), 0, 200);
  EXPECT_GT(losses.front(), 1.5);
  EXPECT_LT(losses.back(), 0.05);
}

TEST(TorchEngine, AStepIsAFunctionOfStateAndInput) {
  for (const bool bfloat16 : {false, true}) {
    EngineOptions options = SmallOptions();
    options.threads = 2;
    options.bfloat16 = bfloat16 && ComputesBFloat16(ChosenIsa());
    const std::vector<TrainingBatch> batches = RandomBatches(4, 3);
    TorchEngine whole(options);
    FillRandom(whole);
    Train(whole, batches, 0, 6);

    TorchEngine before(options);
    FillRandom(before);
    Train(before, batches, 0, 3);
    TorchEngine after(options);
    before.Download();
    for (std::size_t index = 0; index < after.state().size(); ++index) {
      std::copy(before.state()[index].values.begin(), before.state()[index].values.end(),
                after.state()[index].values.begin());
    }
    after.Upload();
    Train(after, batches, 3, 6);
    EXPECT_EQ(StateOf(whole), StateOf(after)) << "bfloat16 " << bfloat16;
  }
}

TEST(TorchEngine, BatchesAndThreadsOnlyChangeRoundings) {
  EngineOptions options = SmallOptions();
  options.dropout = 0;
  const std::vector<TrainingBatch> split = RandomBatches(4, 3);
  std::vector<TrainingBatch> joined(1);
  for (const TrainingBatch& batch : split) {
    PackedBatch& into = joined[0].inputs;
    const std::size_t shift = into.ids.size();
    into.ids.insert(into.ids.end(), batch.inputs.ids.begin(), batch.inputs.ids.end());
    into.segments.insert(into.segments.end(), batch.inputs.segments.begin(),
                         batch.inputs.segments.end());
    for (std::size_t window = 0; window < batch.inputs.window_count(); ++window) {
      into.offsets.push_back(batch.inputs.offsets[window + 1] + shift);
      joined[0].start_positions.push_back(batch.start_positions[window]);
      joined[0].end_positions.push_back(batch.end_positions[window]);
    }
  }
  TorchEngine one(options);
  FillRandom(one);
  const std::vector<double> alone = Train(one, joined, 0, 5);
  options.threads = 2;
  TorchEngine two(options);
  FillRandom(two);
  const std::vector<double> shared = Train(two, split, 0, 5);
  for (std::size_t step = 0; step < alone.size(); ++step) {
    EXPECT_NEAR(alone[step], shared[step], 1e-4) << step;
  }
}

TEST(TorchEngine, DropoutChangesTheLossAndDependsOnTheStep) {
  EngineOptions options = SmallOptions();
  const std::vector<TrainingBatch> batches = RandomBatches(1, 3);
  const auto first_loss = [&](double dropout, std::uint64_t step) {
    options.dropout = dropout;
    TorchEngine engine(options);
    FillRandom(engine);
    return Train(engine, batches, step, step + 1).front();
  };
  EXPECT_EQ(first_loss(0, 0), first_loss(0, 1));
  EXPECT_NE(first_loss(0.1, 0), first_loss(0, 0));
  EXPECT_NE(first_loss(0.1, 0), first_loss(0.1, 1));
  EXPECT_EQ(first_loss(0.1, 1), first_loss(0.1, 1));
}

TEST(TorchEngine, FrozenEmbeddingsStay) {
  EngineOptions options = SmallOptions();
  options.freeze_embeddings = true;
  TorchEngine engine(options);
  FillRandom(engine);
  const std::vector<float> before = StateOf(engine);
  Train(engine, RandomBatches(2, 3), 0, 3);
  const std::vector<float> after = StateOf(engine);
  std::size_t place = 0;
  for (const StateTensor& tensor : engine.state()) {
    const bool is_frozen = tensor.name.find("bert.embeddings.") != std::string::npos;
    const bool is_same = std::equal(tensor.values.begin(), tensor.values.end(),
                                    before.begin() + static_cast<std::ptrdiff_t>(place));
    // A key's bias moves all scores of a query alike: it has no gradient but roundings.
    if (tensor.name.find("key.bias") == std::string::npos) {
      EXPECT_EQ(is_same, is_frozen) << tensor.name;
    }
    place += tensor.values.size();
  }
}

TEST(TorchEngine, ALossThatIsNotFiniteChangesNothing) {
  TorchEngine engine(SmallOptions());
  FillRandom(engine);
  engine.state().front().values.front() = NAN;  // of the first word
  engine.Upload();
  std::vector<TrainingBatch> batches = RandomBatches(1, 2);
  batches[0].inputs.ids[0] = 0;
  const std::vector<float> before = StateOf(engine);
  StepInput input;
  input.batches = batches;
  input.learning_rate = 0.01;
  EXPECT_FALSE(engine.Step(input).is_applied);
  const std::vector<float> after = StateOf(engine);
  for (std::size_t i = 1; i < before.size(); ++i) {
    ASSERT_EQ(before[i], after[i]) << i;
  }
}

}  // namespace
}  // namespace bertqa
