#include "encoder/qa_encoder.h"

#include <sys/resource.h>

#include <cmath>
#include <numeric>
#include <random>
#include <thread>

#include "encoder/fixtures.h"

namespace bertqa {
namespace {

const ComputeOptions kExact = {.precision = Precision::kFloat32, .isa = SupportedIsas().back()};

EncoderConfig Shape(std::size_t hidden, std::size_t heads, std::size_t inner, std::size_t layers) {
  EncoderConfig config = SmallConfig();
  config.hidden_size = hidden;
  config.attention_heads = heads;
  config.intermediate_size = inner;
  config.layers = layers;
  return config;
}

/// Odd shapes, and those of models that people use, cut down to a layer or two and a small
/// vocabulary: the largest only on this processor's own instruction set, and none with the plain
/// loops of the baseline, which take their time.
std::vector<EncoderConfig> Shapes(Isa isa) {
  std::vector<EncoderConfig> shapes = {Shape(128, 2, 512, 2), Shape(20, 5, 37, 3),
                                       Shape(21, 3, 33, 2), Shape(35, 5, 64, 1), Shape(3, 1, 1, 1)};
  if (isa != Isa::kBaseline) {
    shapes.push_back(Shape(384, 12, 1536, 2));
  }
  if (isa == SupportedIsas().back()) {
    shapes.push_back(Shape(768, 12, 3072, 1));
    shapes.push_back(Shape(1024, 16, 4096, 1));
  }
  return shapes;
}

/// The logits of window `window`, start then end.
std::vector<float> LogitsOf(const SpanLogits& logits, const PackedBatch& batch,
                            std::size_t window) {
  std::vector<float> values;
  for (const std::vector<float>* all : {&logits.start, &logits.end}) {
    values.insert(values.end(), all->begin() + static_cast<std::ptrdiff_t>(batch.offsets[window]),
                  all->begin() + static_cast<std::ptrdiff_t>(batch.offsets[window + 1]));
  }
  return values;
}

// Bit for bit.
TEST(QaEncoderTest, LogitsDoNotDependOnNeighbours) {
  for (const ComputeOptions& options : AllComputeOptions()) {
    for (const EncoderConfig& config : Shapes(options.isa)) {
      const auto model = BuildQaEncoder(RandomCheckpoint(config, 1), options, 2);
      const PackedBatch batch = RandomBatch(config, {1, 30, 63, 64, 65, 2, 130, 7, 200, 11}, 2);
      const SpanLogits together = model->Forward(batch, 1);
      for (std::size_t window = 0; window < batch.window_count(); ++window) {
        const PackedBatch alone = OneWindow(batch, window);
        EXPECT_EQ(LogitsOf(model->Forward(alone, 1), alone, 0), LogitsOf(together, batch, window))
            << Describe(options) << ", hidden " << config.hidden_size << ", window " << window;
      }
    }
  }
}

TEST(QaEncoderTest, LogitsDoNotDependOnOrderOrThreads) {
  for (const ComputeOptions& options : AllComputeOptions()) {
    for (const EncoderConfig& config : Shapes(options.isa)) {
      const auto model = BuildQaEncoder(RandomCheckpoint(config, 3), options, 1);
      const PackedBatch batch = RandomBatch(config, {40, 3, 77, 150, 64, 90, 5, 31}, 4);
      const SpanLogits expected = model->Forward(batch, 1);
      std::vector<std::size_t> order(batch.window_count());
      std::iota(order.begin(), order.end(), 0);
      std::mt19937 generator(5);
      for (const std::size_t threads : {2, 3}) {
        std::shuffle(order.begin(), order.end(), generator);
        const PackedBatch shuffled = Reordered(batch, order);
        const SpanLogits logits = model->Forward(shuffled, threads);
        for (std::size_t window = 0; window < order.size(); ++window) {
          EXPECT_EQ(LogitsOf(logits, shuffled, window), LogitsOf(expected, batch, order[window]))
              << Describe(options) << ", hidden " << config.hidden_size << ", " << threads
              << " threads, window " << window;
        }
      }
    }
  }
}

/// The share of `logits` that differ from `exact`, against the spread of `exact`.
double RelativeError(const std::vector<float>& logits, const std::vector<float>& exact) {
  double error = 0;
  double mean = 0;
  double square = 0;
  for (std::size_t index = 0; index < exact.size(); ++index) {
    error += std::pow(static_cast<double>(logits[index]) - exact[index], 2);
    mean += exact[index];
    square += std::pow(static_cast<double>(exact[index]), 2);
  }
  const auto count = static_cast<double>(exact.size());
  return std::sqrt(error / count) / std::sqrt(square / count - std::pow(mean / count, 2));
}

// bf16 keeps 8 significant bits, int8 about 7 of the largest value of a row: each product adds an
// error of that order, and a network of six layers keeps it at a few hundredths of the spread.
TEST(QaEncoderTest, NarrowPrecisionsStayNearFloat32) {
  const Checkpoint checkpoint = OpenBundled();
  const PackedBatch batch = RandomBatch(checkpoint.config(), {90, 33, 71}, 6);
  const SpanLogits exact =
      BuildQaEncoder(checkpoint, {Precision::kFloat32, Isa::kBaseline}, 2)->Forward(batch, 2);
  for (const ComputeOptions& options : AllComputeOptions()) {
    const double bound = options.precision == Precision::kFloat32    ? 1e-5
                         : options.precision == Precision::kBFloat16 ? 0.05
                                                                     : 0.1;
    const SpanLogits logits = BuildQaEncoder(checkpoint, options, 2)->Forward(batch, 2);
    EXPECT_LT(RelativeError(logits.start, exact.start), bound) << Describe(options);
    EXPECT_LT(RelativeError(logits.end, exact.end), bound) << Describe(options);
    if (options.precision != Precision::kFloat32) {
      EXPECT_NE(logits.start, exact.start) << Describe(options) << " computes in fp32";
    }
  }
}

/// Page faults of this thread so far that needed no disk.
long MinorFaults() {
  rusage usage = {};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt;
}

// Fresh memory costs a page fault for each 4 KiB: 460 tokens of intermediate results would be
// thousands. What a pass returns is a few pages.
TEST(QaEncoderTest, SecondPassTakesNoFreshMemory) {
  const EncoderConfig config = Shape(384, 12, 1536, 1);
  const Checkpoint checkpoint = RandomCheckpoint(config, 10);
  const PackedBatch batch = RandomBatch(config, {200, 60, 200}, 6);
  for (const ComputeOptions& options : AllComputeOptions()) {
    const auto model = BuildQaEncoder(checkpoint, options, 1);
    const SpanLogits first = model->Forward(batch, 1);
    const long before = MinorFaults();
    const SpanLogits second = model->Forward(batch, 1);
    EXPECT_LE(MinorFaults() - before, 40) << Describe(options);
    EXPECT_EQ(first.start, second.start);
  }
}

TEST(QaEncoderTest, BundledModelsLogitsDoNotDependOnNeighbours) {
  const Checkpoint checkpoint = OpenBundled();
  const auto model = BuildQaEncoder(checkpoint, ChooseCompute(Precision::kAuto, ChosenIsa()), 1);
  const PackedBatch batch = RandomBatch(checkpoint.config(), {180, 33, 384, 71, 129}, 6);
  const SpanLogits together = model->Forward(batch, 2);
  for (std::size_t window = 0; window < batch.window_count(); ++window) {
    const PackedBatch alone = OneWindow(batch, window);
    EXPECT_EQ(LogitsOf(model->Forward(alone, 1), alone, 0), LogitsOf(together, batch, window));
  }
}

TEST(QaEncoderTest, TellsWhatItComputesWithAndHowMuch) {
  const Checkpoint checkpoint = OpenBundled();
  const ComputeOptions options = ChooseCompute(Precision::kAuto, ChosenIsa());
  const auto model = BuildQaEncoder(checkpoint, options, 1);
  const ComputeInfo info = model->compute_info();
  EXPECT_EQ(info.precision, options.precision);
  EXPECT_EQ(info.reason, options.reason);
  EXPECT_EQ(info.instruction_set, NameOf(ChosenIsa()));
  // 6 layers of 12 · 384² weights, and the head's 2 · 384; two operations each.
  EXPECT_EQ(info.flops_per_token, 2.0 * (6 * 12 * 384 * 384 + 2 * 384));
  EXPECT_EQ(info.flops_per_token_pair, 6.0 * 4 * 384);
  EXPECT_GT(model->MeasurePeakGflops(1), 0.1);
}

TEST(QaEncoderTest, SeveralCallersAtOnceGetTheSame) {
  const auto model = BuildQaEncoder(RandomCheckpoint(SmallConfig(), 8), kExact, 1);
  const PackedBatch batch = RandomBatch(SmallConfig(), {100, 40, 199}, 9);
  const SpanLogits expected = model->Forward(batch, 1);
  std::vector<SpanLogits> found(4);
  std::vector<std::thread> callers;
  for (std::size_t caller = 0; caller < found.size(); ++caller) {
    callers.emplace_back([&, caller] {
      for (int repeat = 0; repeat < 20; ++repeat) {
        found[caller] = model->Forward(batch, 1 + caller % 2);
      }
    });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  for (const SpanLogits& logits : found) {
    EXPECT_EQ(logits.start, expected.start);
    EXPECT_EQ(logits.end, expected.end);
  }
}

TEST(QaEncoderTest, EmptyBatchGivesNothing) {
  const auto model = BuildQaEncoder(RandomCheckpoint(SmallConfig(), 1), kExact, 1);
  EXPECT_TRUE(model->Forward(PackedBatch{}, 2).start.empty());
}

TEST(QaEncoderTest, BatchesThatDoNotFitTheModelAreErrors) {
  const auto model = BuildQaEncoder(RandomCheckpoint(SmallConfig(), 1), kExact, 1);
  const auto expect = [&](const char* message, const PackedBatch& batch, std::size_t threads = 1) {
    ExpectError(ErrorCode::kUsage, message, [&] { model->Forward(batch, threads); });
  };
  PackedBatch good = RandomBatch(SmallConfig(), {3, 4}, 1);
  expect("encoder: at least 1 thread is expected, not 0", good, 0);
  expect("encoder: a window has 201 tokens; the model takes at most 200",
         RandomBatch(SmallConfig(), {201}, 1));
  PackedBatch bad = good;
  bad.ids[2] = 100;
  expect("encoder: token id 100 is not in [0, 100)", bad);
  bad.ids[2] = -1;
  expect("encoder: token id -1 is not in [0, 100)", bad);
  bad = good;
  bad.segments[0] = 2;
  expect("encoder: segment 2 is not in [0, 2)", bad);
  for (const std::vector<std::size_t>& offsets :
       {std::vector<std::size_t>{}, {1, 7}, {0, 3, 3, 7}, {0, 5, 3, 7}, {0, 3, 8}}) {
    bad = good;
    bad.offsets = offsets;
    expect("encoder: ids, segments and offsets of a batch are expected to agree", bad);
  }
  bad = good;
  bad.segments.pop_back();
  expect("encoder: ids, segments and offsets of a batch are expected to agree", bad);
}

}  // namespace
}  // namespace bertqa
