// Products of int8 against integers: the sums must be exact on every instruction set.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/linear.h"
#include "linear_case.h"

namespace bertqa {
namespace {

/// One output's weights as linear.h says.
struct WeightRow {
  WeightRow(const float* weights, std::size_t count) {
    for (std::size_t input = 0; input < count; ++input) {
      scale = std::max(scale, std::abs(weights[input]));
    }
    scale /= 127.0F;
    const float inverse = scale > 0 ? 1 / scale : 0;
    for (std::size_t input = 0; input < count; ++input) {
      quantised.push_back(std::lrint(weights[input] * inverse));
      sum += quantised.back();
    }
  }

  float scale = 0;
  long sum = 0;
  std::vector<long> quantised;
};

/// Σ (s · q + m) · (S · w) + b, the sums in integers; and how far floats may be from it.
struct Expected {
  Expected(const std::uint8_t* bytes, const RowScale& row, const WeightRow& weights, double bias) {
    long products = 0;
    for (std::size_t input = 0; input < weights.quantised.size(); ++input) {
      products += bytes[input] * weights.quantised[input];
    }
    const auto weight_scale = static_cast<double>(weights.scale);
    const double varying =
        weight_scale * static_cast<double>(row.scale) * static_cast<double>(products);
    const double constant =
        weight_scale * static_cast<double>(row.minimum) * static_cast<double>(weights.sum);
    value = varying + constant + bias;
    limit = 4 * 0x1p-24 * (std::abs(varying) + std::abs(constant) + std::abs(bias)) + 1e-30;
  }

  double value;
  double limit;
};

void ExpectExactSums(Isa isa, const LinearCase& layer, Activation activation) {
  const PackedLinear linear = layer.Pack(Precision::kInt8, isa);
  const std::vector<float> result = MultiplyAll(layer, linear, activation);
  Operand operand(Precision::kInt8, isa, layer.rows, layer.inputs);
  const OperandView view = operand.Assign(layer.Row(0), layer.stride, layer.rows, layer.inputs);
  for (std::size_t output = 0; output < layer.outputs; ++output) {
    const WeightRow weights(layer.WeightRow(output), layer.inputs);
    for (std::size_t row = 0; row < layer.rows; ++row) {
      const auto* const bytes =
          reinterpret_cast<const std::uint8_t*>(view.data + row * view.stride_bytes);
      const Expected expected(bytes, view.scales[row], weights,
                              static_cast<double>(layer.biases[output]));
      const double activated = Activate(activation, expected.value);
      ASSERT_NEAR(static_cast<double>(result[row * layer.outputs + output]), activated,
                  1.13 * expected.limit + ActivationLimit(activation, Precision::kInt8, activated))
          << Describe({isa, Precision::kInt8}, layer) << ", row " << row << ", output " << output;
    }
  }
}

constexpr std::array kActivations = {Activation::kNone, Activation::kGelu, Activation::kGeluNew,
                                     Activation::kRelu};

TEST(LinearInt8Test, AnyShapeIsExact) {
  for (const Isa isa : SupportedIsas()) {
    std::size_t turn = 0;
    for (const std::size_t inputs : Sizes{1, 2, 3, 4, 5, 31, 32, 33, 63, 64, 65, 100, 129, 197}) {
      for (const std::size_t outputs : Sizes{1, 2, 7, 16, 31, 32, 33, 64, 97}) {
        ExpectExactSums(isa, LinearCase(1 + turn * 7 % 70, inputs, outputs, /*seed=*/1),
                        kActivations[turn % kActivations.size()]);
        ++turn;
      }
    }
  }
}

TEST(LinearInt8Test, AnyNumberOfRowsIsExact) {
  for (const Isa isa : SupportedIsas()) {
    for (std::size_t rows = 1; rows <= 70; ++rows) {
      ExpectExactSums(isa, LinearCase(rows, 37, 35, /*seed=*/2), Activation::kNone);
    }
  }
}

/// Weights and activations that are all the largest there are.
void ExpectExactExtremes(Isa isa, float weight, std::size_t inputs) {
  LinearCase layer(33, inputs, 33, /*seed=*/3);
  std::fill(layer.weights.begin(), layer.weights.end(), weight);
  for (std::size_t row = 0; row < layer.rows; ++row) {
    std::fill_n(layer.Row(row), inputs, 1.0F);
    layer.Row(row)[row % inputs] = 0.0F;  // else all are the minimum
  }
  ExpectExactSums(isa, layer, Activation::kNone);
  const std::vector<float> result =
      MultiplyAll(layer, layer.Pack(Precision::kInt8, isa), Activation::kNone);
  const float sum = weight * static_cast<float>(inputs - 1);
  for (std::size_t place = 0; place < result.size(); ++place) {
    ASSERT_NEAR(result[place], sum + layer.biases[place % layer.outputs],
                1e-5F * static_cast<float>(inputs))
        << NameOf(isa) << ", inputs " << inputs;
  }
}

/// vpmaddubsw saturates at 2 · 128 · 128 and beyond.
TEST(LinearInt8Test, ExtremesDoNotSaturate) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t inputs : Sizes{8, 64, 100, 1536}) {
      ExpectExactExtremes(isa, 1, inputs);
      ExpectExactExtremes(isa, -1, inputs);
    }
  }
}

TEST(LinearInt8Test, ExtremesOfEverySignAreExact) {
  for (const Isa isa : SupportedIsas()) {
    LinearCase layer(20, 200, 40, /*seed=*/4);
    for (float& weight : layer.weights) {
      weight = weight > 0 ? 0.7F : -0.7F;
    }
    for (float& value : layer.values) {
      value = value > 0 ? 3.0F : -5.0F;
    }
    ExpectExactSums(isa, layer, Activation::kNone);
  }
}

TEST(LinearInt8Test, OneHugeValueIsExact) {
  for (const Isa isa : SupportedIsas()) {
    LinearCase layer(20, 70, 40, /*seed=*/5);
    for (std::size_t row = 0; row < layer.rows; ++row) {
      layer.Row(row)[row] = row % 2 == 0 ? 1e6F : -1e6F;
    }
    layer.weights[3 * layer.inputs + 9] = 1e4F;
    ExpectExactSums(isa, layer, Activation::kNone);
  }
}

TEST(LinearInt8Test, ZerosGiveTheBias) {
  for (const Isa isa : SupportedIsas()) {
    LinearCase layer(9, 70, 40, /*seed=*/6);
    std::fill_n(layer.Row(2), layer.inputs, 0.0F);
    std::fill_n(layer.weights.begin() + std::ptrdiff_t{4} * 70, 70, 0.0F);
    std::fill_n(layer.weights.begin() + std::ptrdiff_t{5} * 70, 70, 1e-42F);  // 1 / scale: infinite
    const std::vector<float> result =
        MultiplyAll(layer, layer.Pack(Precision::kInt8, isa), Activation::kNone);
    for (std::size_t place = 0; place < result.size(); ++place) {
      const std::size_t output = place % layer.outputs;
      if (place / layer.outputs == 2 || output == 4 || output == 5) {
        ASSERT_EQ(result[place], layer.biases[output]) << NameOf(isa) << ", output " << output;
      }
    }
  }
}

/// Where the activations have as many bits, the sums are the same integers.
TEST(LinearInt8Test, InstructionSetsAgreeToRounding) {
  const LinearCase layer(40, 150, 64, /*seed=*/7);
  for (const Isa isa : SupportedIsas()) {
    const std::vector<float> result =
        MultiplyAll(layer, layer.Pack(Precision::kInt8, isa), Activation::kNone);
    const bool is_narrow = isa == Isa::kAvx2 || isa == Isa::kAvx512;
    const std::vector<float> expected =
        MultiplyAll(layer, layer.Pack(Precision::kInt8, is_narrow ? Isa::kAvx2 : Isa::kBaseline),
                    Activation::kNone);
    for (std::size_t place = 0; place < result.size(); ++place) {
      ASSERT_NEAR(result[place], expected[place], 3e-6F) << NameOf(isa);
    }
  }
}

/// What int8 is for: close to fp32.
TEST(LinearInt8Test, ResultIsCloseToTheExactOne) {
  const LinearCase layer(40, 384, 64, /*seed=*/8);
  const std::vector<float> exact =
      MultiplyAll(layer, layer.Pack(Precision::kFloat32, Isa::kBaseline), Activation::kNone);
  for (const Isa isa : SupportedIsas()) {
    const std::vector<float> result =
        MultiplyAll(layer, layer.Pack(Precision::kInt8, isa), Activation::kNone);
    double square = 0;
    for (std::size_t place = 0; place < result.size(); ++place) {
      const auto error = static_cast<double>(result[place] - exact[place]);
      square += error * error;
    }
    // Steps of 6.4 σ / 127 or so in the activations and in the weights, √(1/12) of each.
    EXPECT_LT(std::sqrt(square / static_cast<double>(result.size())), 0.025) << NameOf(isa);
  }
}

}  // namespace
}  // namespace bertqa
