// Products as the encoder uses them, on one thread: a block of rows is converted, multiplied by the
// packed weights and finished with its bias and activation. $BERTQA_ISA chooses the instruction set
// ("all": each one of this processor). "of_peak" is the share of what the instructions reach in a
// loop that touches nothing but registers, measured before and after each shape, so that a
// neighbour's load is in both.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "bench_main.h"
#include "kernels/linear.h"
#include "kernels/peak.h"

namespace bertqa {
namespace {

/// A product's precision and instruction set.
struct Mode {
  Precision precision;
  Isa isa;
};

/// As MaxBlockRows of the encoder.
std::size_t BlockRows(const Mode& mode) {
  return mode.isa == Isa::kAmx && mode.precision != Precision::kFloat32 ? 256 : 128;
}

struct Shape {
  const char* name;
  std::size_t inputs;
  std::size_t outputs;
  Activation activation;
};

constexpr std::array kShapes = {
    Shape{"minilm/attended", 384, 384, Activation::kNone},
    Shape{"minilm/qkv", 384, 1152, Activation::kNone},
    Shape{"minilm/ffn_in", 384, 1536, Activation::kGelu},
    Shape{"minilm/ffn_out", 1536, 384, Activation::kNone},
    Shape{"base/attended", 768, 768, Activation::kNone},
    Shape{"base/qkv", 768, 2304, Activation::kNone},
    Shape{"base/ffn_in", 768, 3072, Activation::kGelu},
    Shape{"base/ffn_out", 3072, 768, Activation::kNone},
    Shape{"large/ffn_in", 1024, 4096, Activation::kGelu},
    Shape{"large/ffn_out", 4096, 1024, Activation::kNone},
};

std::vector<float> NormalValues(std::size_t count, float spread) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> values(count);
  for (float& value : values) {
    value = normal(random);
  }
  return values;
}

PackedLinear Pack(const Mode& mode, const Shape& shape) {
  const std::vector<float> weights = NormalValues(shape.inputs * shape.outputs, 0.05F);
  const std::vector<float> biases(shape.outputs, 0.1F);
  PackedLinear linear(mode.precision, mode.isa, shape.inputs, shape.outputs);
  for (std::size_t first = 0; first < shape.outputs; first += PackedLinear::kOutputStep) {
    linear.SetRows(first, PackedLinear::kOutputStep, weights.data() + first * shape.inputs,
                   biases.data() + first);
  }
  return linear;
}

/// The conversion of the input is in the time, as it is in a model's.
void BenchMultiply(benchmark::State& state, Mode mode, Shape shape, std::size_t rows) {
  const PackedLinear linear = Pack(mode, shape);
  const std::vector<float> values = NormalValues(rows * shape.inputs, 1);
  std::vector<float> output(rows * shape.outputs);
  Operand operand(mode.precision, mode.isa, rows, shape.inputs);
  double peak = MeasurePeak(mode.precision, mode.isa);
  for (auto unused : state) {
    Multiply(operand.Assign(values.data(), shape.inputs, rows, shape.inputs), rows, linear,
             shape.activation, {.floats = output.data(), .stride = shape.outputs});
    benchmark::DoNotOptimize(output.data());
  }
  peak = (peak + MeasurePeak(mode.precision, mode.isa)) / 2;
  const double operations = 2.0 * static_cast<double>(rows * shape.inputs * shape.outputs);
  state.counters["OP/s"] = benchmark::Counter(
      operations, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
  if (peak > 0) {
    state.counters["of_peak"] =
        benchmark::Counter(operations / peak, benchmark::Counter::kIsIterationInvariantRate);
  }
}

void BenchAssign(benchmark::State& state, Mode mode, std::size_t columns) {
  constexpr std::size_t kRows = 128;
  const std::vector<float> values = NormalValues(kRows * columns, 1);
  Operand operand(mode.precision, mode.isa, kRows, columns);
  for (auto unused : state) {
    benchmark::DoNotOptimize(operand.Assign(values.data(), columns, kRows, columns).data);
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(values.size() * sizeof(float)));
}

void RegisterFor(const Mode& mode) {
  const std::string suffix =
      "/" + std::string(NameOf(mode.precision)) + "/" + std::string(NameOf(mode.isa));
  for (const Shape& shape : kShapes) {
    for (const std::size_t rows : {std::size_t{32}, BlockRows(mode)}) {
      const std::string name =
          "Multiply/" + std::string(shape.name) + suffix + "/rows:" + std::to_string(rows);
      benchmark::RegisterBenchmark(name.c_str(), BenchMultiply, mode, shape, rows);
    }
  }
  if (mode.precision != Precision::kFloat32) {
    for (const std::size_t columns : {std::size_t{384}, std::size_t{1536}}) {
      benchmark::RegisterBenchmark(
          ("Assign" + suffix + "/columns:" + std::to_string(columns)).c_str(), BenchAssign, mode,
          columns);
    }
  }
}

void Register() {
  const char* const wanted = std::getenv("BERTQA_ISA");
  const bool is_all = wanted != nullptr && std::string(wanted) == "all";
  for (const Isa isa : is_all ? SupportedIsas() : std::vector<Isa>{ChosenIsa()}) {
    for (const Precision precision :
         {Precision::kFloat32, Precision::kBFloat16, Precision::kInt8}) {
      if (precision != Precision::kBFloat16 || ComputesBFloat16(isa)) {
        RegisterFor({precision, isa});
      }
    }
  }
}

}  // namespace
}  // namespace bertqa

int main(int argc, char** argv) {
  return bertqa::RunBenchmarks(argc, argv, &bertqa::Register);
}
