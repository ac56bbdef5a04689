#include "linear_case.h"

#include <cmath>
#include <numbers>
#include <random>

namespace bertqa {
namespace {

constexpr std::size_t kMargin = 3;

}  // namespace

LinearCase::LinearCase(std::size_t row_count, std::size_t input_count, std::size_t output_count,
                       std::uint32_t seed)
    : rows(row_count),
      inputs(input_count),
      outputs(output_count),
      stride(input_count + kMargin),
      values(row_count * stride),
      weights(output_count * input_count),
      biases(output_count) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (float& value : values) {
    value = 0.3F + normal(random);
  }
  const float spread = 1 / std::sqrt(static_cast<float>(inputs));
  for (float& weight : weights) {
    weight = spread * normal(random);
  }
  for (float& bias : biases) {
    bias = normal(random);
  }
}

PackedLinear LinearCase::Pack(Precision precision, Isa isa) const {
  PackedLinear linear(precision, isa, inputs, outputs);
  for (std::size_t first = 0; first < outputs; first += PackedLinear::kOutputStep) {
    linear.SetRows(first, std::min(PackedLinear::kOutputStep, outputs - first), WeightRow(first),
                   biases.data() + first);
  }
  return linear;
}

std::vector<float> MultiplyRows(const LinearCase& layer, const PackedLinear& linear,
                                Activation activation, std::size_t begin, std::size_t end) {
  Operand operand(linear.precision(), linear.isa(), end - begin, layer.inputs);
  std::vector<float> output((end - begin) * layer.outputs);
  Multiply(operand.Assign(layer.Row(begin), layer.stride, end - begin, layer.inputs), end - begin,
           linear, activation, {.floats = output.data(), .stride = layer.outputs});
  return output;
}

std::vector<float> MultiplyAll(const LinearCase& layer, const PackedLinear& linear,
                               Activation activation) {
  return MultiplyRows(layer, linear, activation, 0, layer.rows);
}

double Activate(Activation activation, double value) {
  switch (activation) {
    case Activation::kGelu:
      return value / 2 * std::erfc(-value / std::numbers::sqrt2);
    case Activation::kGeluNew:
      return value / 2 *
             (1 + std::tanh(std::sqrt(2 / std::numbers::pi) *
                            (value + 0.044715 * value * value * value)));
    case Activation::kRelu:
      return value > 0 ? value : 0;
    case Activation::kTanh:
      return std::tanh(value);
    case Activation::kNone:
    case Activation::kGate:
      break;
  }
  return value;
}

double ActivationLimit(Activation activation, Precision precision, double activated) {
  if (activation == Activation::kNone) {
    return 0;
  }
  const bool is_rough = activation == Activation::kGelu && precision != Precision::kFloat32;
  return 1e-6 * std::abs(activated) + (is_rough ? 2e-4 : 1e-7);
}

std::vector<Mode> SupportedModes() {
  std::vector<Mode> modes;
  for (const Isa isa : SupportedIsas()) {
    modes.push_back({isa, Precision::kFloat32});
    modes.push_back({isa, Precision::kInt8});
    if (ComputesBFloat16(isa)) {
      modes.push_back({isa, Precision::kBFloat16});
    }
  }
  return modes;
}

std::string Describe(const Mode& mode, const LinearCase& layer) {
  return std::string(NameOf(mode.isa)) + " " + std::string(NameOf(mode.precision)) + ", " +
         std::to_string(layer.rows) + " x " + std::to_string(layer.inputs) + " -> " +
         std::to_string(layer.outputs);
}

}  // namespace bertqa
