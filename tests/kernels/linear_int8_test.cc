// Products of int8 against integers: the sums must be exact on every instruction set.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/linear.h"
#include "linear_case.h"

namespace bertqa {
namespace {

/// True without VNNI: two products are added in 16 bits.
bool BoundsPairs(Isa isa) {
  return isa == Isa::kAvx2 || isa == Isa::kAvx512;
}

/// A group of one output's weights as linear.h says.
struct WeightGroup {
  WeightGroup(const float* weights, std::size_t count, bool bounds_pairs) {
    for (std::size_t input = 0; input < count; ++input) {
      scale = std::max(scale, std::abs(weights[input]) / 127.0F);
      if (bounds_pairs && input % 2 == 0) {
        const float next = input + 1 < count ? weights[input + 1] : 0.0F;
        scale = std::max(scale, std::abs(0.5F * weights[input] + 0.5F * next) / 63.0F);
      }
    }
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

std::vector<WeightGroup> GroupsOf(const float* weights, std::size_t count, Isa isa) {
  const std::size_t step = isa == Isa::kAmx ? 384 : 128;
  std::vector<WeightGroup> groups;
  for (std::size_t begin = 0; begin < count; begin += step) {
    groups.emplace_back(weights + begin, std::min(step, count - begin), BoundsPairs(isa));
  }
  return groups;
}

/// b + Σ over groups of Σ (s · q + m) · (S · w), the inner sums in integers; and how far floats may
/// be from it.
struct Expected {
  Expected(const std::uint8_t* bytes, const RowScale* scales,
           const std::vector<WeightGroup>& groups, double bias)
      : value(bias) {
    double magnitudes = std::abs(bias);
    for (const WeightGroup& group : groups) {
      long products = 0;
      for (const long weight : group.quantised) {
        products += *bytes++ * weight;
      }
      const auto weight_scale = static_cast<double>(group.scale);
      const double varying =
          weight_scale * static_cast<double>(scales->scale) * static_cast<double>(products);
      const double constant =
          weight_scale * static_cast<double>(scales->minimum) * static_cast<double>(group.sum);
      value += varying + constant;
      magnitudes += std::abs(varying) + std::abs(constant);
      ++scales;
    }
    const auto roundings = static_cast<double>(3 + groups.size());
    limit = roundings * 0x1p-24 * magnitudes + 1e-30;
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
    const std::vector<WeightGroup> groups = GroupsOf(layer.WeightRow(output), layer.inputs, isa);
    ASSERT_EQ(view.groups, groups.size());
    for (std::size_t row = 0; row < layer.rows; ++row) {
      const auto* const bytes =
          reinterpret_cast<const std::uint8_t*>(view.data + row * view.stride_bytes);
      const Expected expected(bytes, view.scales + row * view.groups, groups,
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
    for (const std::size_t inputs : Sizes{1,  2,   3,   4,   5,   31,  32,  33,  63,  64,
                                          65, 100, 127, 128, 129, 197, 256, 300, 385, 769}) {
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

/// vpmaddubsw saturates at 2 · 128 · 128 and beyond: weights that add up to more than 128 in a
/// pair.
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

/// Rows in which another pair, and not the largest weight, decides the scale.
TEST(LinearInt8Test, LargestActivationsOfAnyWeightsAreExact) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t inputs : Sizes{2, 3, 63, 64, 384}) {
      LinearCase layer(3, inputs, 200, /*seed=*/9);
      for (std::size_t row = 0; row < layer.rows; ++row) {
        std::fill_n(layer.Row(row), inputs, 1.0F);
        layer.Row(row)[row % inputs] = 0.0F;
      }
      ExpectExactSums(isa, layer, Activation::kNone);
    }
  }
}

TEST(LinearInt8Test, HugeWeightsOfAPairAreExact) {
  for (const Isa isa : SupportedIsas()) {
    LinearCase layer(2, 70, 40, /*seed=*/10);
    layer.weights[5 * layer.inputs + 8] = 3e38F;
    layer.weights[5 * layer.inputs + 9] = 3e38F;  // their sum is infinite
    std::fill_n(layer.Row(0), layer.inputs, 1e-3F);
    std::fill_n(layer.Row(1), layer.inputs, -1e-3F);
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

/// Where the scales are the same, the sums are the same integers.
void ExpectSameSums(Isa isa, const LinearCase& layer) {
  const std::vector<float> result =
      MultiplyAll(layer, layer.Pack(Precision::kInt8, isa), Activation::kNone);
  const std::vector<float> expected = MultiplyAll(
      layer, layer.Pack(Precision::kInt8, BoundsPairs(isa) ? Isa::kAvx2 : Isa::kBaseline),
      Activation::kNone);
  for (std::size_t place = 0; place < result.size(); ++place) {
    ASSERT_NEAR(result[place], expected[place], 3e-6F)
        << NameOf(isa) << ", inputs " << layer.inputs;
  }
}

TEST(LinearInt8Test, InstructionSetsAgreeToRounding) {
  for (const Isa isa : SupportedIsas()) {
    ExpectSameSums(isa, LinearCase(40, 128, 64, /*seed=*/7));
    if (isa != Isa::kAmx) {  // which takes these as one group, the others as two
      ExpectSameSums(isa, LinearCase(40, 150, 64, /*seed=*/7));
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
    // Steps of 6.4 σ / 255 or so in the activations and of 3.2 σ / 127 in the weights, √(1/12) of
    // each.
    EXPECT_LT(std::sqrt(square / static_cast<double>(result.size())), 0.02) << NameOf(isa);
  }
}

}  // namespace
}  // namespace bertqa
