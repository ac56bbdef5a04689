// Attention and LayerNorm of one window on one thread, for each instruction set of this processor.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "bench_main.h"
#include "kernels/attention.h"
#include "kernels/layer_norm.h"

namespace bertqa {
namespace {

constexpr std::size_t kHeads = 12;

template <typename T>
T FromFloat(float value) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return value;
  } else {
    return ToBFloat16(value);
  }
}

/// All heads of a window as an encoder has them: q, k and v of a token in one row.
template <typename T>
void BenchAttend(benchmark::State& state, Isa isa) {
  const auto tokens = static_cast<std::size_t>(state.range(0));
  const auto size = static_cast<std::size_t>(state.range(1));
  const std::size_t hidden = kHeads * size;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<T> qkv(tokens * 3 * hidden);
  for (T& value : qkv) {
    value = FromFloat<T>(normal(random));
  }
  std::vector<T> output(tokens * hidden);
  AttentionScratch scratch(isa, tokens, size);
  for (auto unused : state) {
    for (std::size_t column = 0; column < hidden; column += size) {
      Attend(isa,
             AttentionHead<T>{.query = qkv.data() + column,
                              .key = qkv.data() + hidden + column,
                              .value = qkv.data() + 2 * hidden + column,
                              .stride = 3 * hidden,
                              .output = output.data() + column,
                              .output_stride = hidden,
                              .tokens = tokens,
                              .head_size = size},
             scratch);
    }
    benchmark::DoNotOptimize(output.data());
  }
  state.counters["FLOP/s"] = benchmark::Counter(4.0 * static_cast<double>(tokens * tokens * hidden),
                                                benchmark::Counter::kIsIterationInvariantRate,
                                                benchmark::Counter::kIs1000);
}

void BenchAddAndNormalise(benchmark::State& state, Isa isa) {
  const auto size = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t kRows = 384;
  std::vector<float> values(kRows * size, 0.5F);
  std::vector<float> residual(kRows * size, 0.25F);
  for (std::size_t place = 0; place < residual.size(); ++place) {
    residual[place] += static_cast<float>(place % 7);
  }
  const std::vector<float> weight(size, 1);
  const std::vector<float> bias(size, 0);
  for (auto unused : state) {
    AddAndNormalise(isa, values.data(), residual.data(), kRows, size, weight.data(), bias.data(),
                    1e-12F);
    benchmark::DoNotOptimize(values.data());
  }
  // Two read, one written.
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(3 * sizeof(float) * values.size()));
}

void Register() {
  const std::vector<std::vector<std::int64_t>> shapes = {{64, 128, 180, 256, 384, 512}, {32, 64}};
  for (const Isa isa : SupportedIsas()) {
    const std::string name(NameOf(isa));
    benchmark::RegisterBenchmark(("Attend/fp32/" + name).c_str(), BenchAttend<float>, isa)
        ->ArgNames({"T", "D"})
        ->ArgsProduct(shapes);
    if (ComputesBFloat16(isa)) {
      benchmark::RegisterBenchmark(("Attend/bf16/" + name).c_str(), BenchAttend<BFloat16>, isa)
          ->ArgNames({"T", "D"})
          ->ArgsProduct(shapes);
    }
    benchmark::RegisterBenchmark(("AddAndNormalise/" + name).c_str(), BenchAddAndNormalise, isa)
        ->ArgName("size")
        ->Arg(384)
        ->Arg(768)
        ->Arg(1024);
  }
}

}  // namespace
}  // namespace bertqa

int main(int argc, char** argv) {
  return bertqa::RunBenchmarks(argc, argv, &bertqa::Register);
}
