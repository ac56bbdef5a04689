#include "kernels/linear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

#include "linear_case.h"

namespace bertqa {
namespace {

constexpr std::array kActivations = {Activation::kNone, Activation::kGelu, Activation::kGeluNew,
                                     Activation::kRelu};

/// What the product of this precision makes of a value before it multiplies.
double Stored(Precision precision, float value) {
  return static_cast<double>(precision == Precision::kBFloat16 ? ToFloat(ToBFloat16(value))
                                                               : value);
}

struct Expected {
  double value = 0;  ///< before the activation
  double limit = 0;  ///< of the error of a sum of floats in any order (Higham 2002, section 4.2)
};

Expected MultiplySlowly(Precision precision, const LinearCase& layer, std::size_t row,
                        std::size_t output) {
  double sum = static_cast<double>(layer.biases[output]);
  double magnitudes = std::abs(sum);
  for (std::size_t input = 0; input < layer.inputs; ++input) {
    const double product = Stored(precision, layer.Row(row)[input]) *
                           Stored(precision, layer.WeightRow(output)[input]);
    sum += product;
    magnitudes += std::abs(product);
  }
  constexpr double kRounding = 0x1p-24;
  return {sum, kRounding * static_cast<double>(layer.inputs + 2) * magnitudes};
}

/// fp32 and bf16: int8 has a test of its own.
void ExpectLikeTheDefinition(const Mode& mode, const LinearCase& layer, Activation activation) {
  const PackedLinear linear = layer.Pack(mode.precision, mode.isa);
  const std::vector<float> result = MultiplyAll(layer, linear, activation);
  for (std::size_t row = 0; row < layer.rows; ++row) {
    for (std::size_t output = 0; output < layer.outputs; ++output) {
      const Expected expected = MultiplySlowly(mode.precision, layer, row, output);
      const double activated = Activate(activation, expected.value);
      // No activation is steeper than 1.13.
      ASSERT_NEAR(static_cast<double>(result[row * layer.outputs + output]), activated,
                  1.13 * expected.limit + ActivationLimit(activation, mode.precision, activated))
          << Describe(mode, layer) << ", row " << row << ", output " << output << ", activation "
          << static_cast<int>(activation);
    }
  }
}

TEST(LinearTest, AnyShapeIsLikeTheDefinition) {
  for (const Mode& mode : SupportedModes()) {
    if (mode.precision == Precision::kInt8) {
      continue;
    }
    std::size_t turn = 0;
    for (const std::size_t inputs : Sizes{1, 2, 3, 5, 16, 31, 32, 33, 63, 64, 65, 100, 129, 197}) {
      for (const std::size_t outputs : Sizes{1, 2, 7, 16, 31, 32, 33, 64, 97}) {
        const std::size_t rows = 1 + turn * 7 % 70;
        ExpectLikeTheDefinition(mode, LinearCase(rows, inputs, outputs, /*seed=*/1),
                                kActivations[turn % kActivations.size()]);
        ++turn;
      }
    }
  }
}

TEST(LinearTest, AnyNumberOfRowsIsLikeTheDefinition) {
  for (const Mode& mode : SupportedModes()) {
    if (mode.precision == Precision::kInt8) {
      continue;
    }
    for (std::size_t rows = 1; rows <= 70; ++rows) {
      ExpectLikeTheDefinition(mode, LinearCase(rows, 37, 35, /*seed=*/2), Activation::kNone);
    }
  }
}

TEST(LinearTest, RowsOfAModelAreLikeTheDefinition) {
  for (const Mode& mode : SupportedModes()) {
    if (mode.precision != Precision::kInt8) {
      ExpectLikeTheDefinition(mode, LinearCase(5, 1536, 40, /*seed=*/3), Activation::kGelu);
    }
  }
}

TEST(LinearTest, NoRowsAreNothing) {
  for (const Mode& mode : SupportedModes()) {
    const LinearCase layer(1, 8, 8, /*seed=*/4);
    EXPECT_TRUE(
        MultiplyRows(layer, layer.Pack(mode.precision, mode.isa), Activation::kNone, 0, 0).empty());
  }
}

/// Bit for bit: the range of rows is another one for another number of threads.
TEST(LinearTest, ARowDependsNeitherOnTheOthersNorOnTheirNumber) {
  for (const Mode& mode : SupportedModes()) {
    const LinearCase layer(70, 77, 45, /*seed=*/5);
    const PackedLinear linear = layer.Pack(mode.precision, mode.isa);
    const std::vector<float> together = MultiplyAll(layer, linear, Activation::kGelu);
    for (std::size_t count = 1; count < 70; ++count) {
      for (const std::size_t begin : {std::size_t{0}, (70 - count) / 2, 70 - count}) {
        const std::vector<float> part =
            MultiplyRows(layer, linear, Activation::kGelu, begin, begin + count);
        ASSERT_TRUE(
            std::equal(part.begin(), part.end(),
                       together.begin() + static_cast<std::ptrdiff_t>(begin * layer.outputs)))
            << Describe(mode, layer) << ", rows " << begin << " to " << begin + count;
      }
    }
  }
}

/// What the output holds, times the sums: bit for bit, also where int8 adds up groups of inputs.
class GateCase {
 public:
  GateCase(const Mode& mode, std::size_t outputs)
      : mode_(mode),
        layer_(19, 300, outputs, /*seed=*/7),
        linear_(layer_.Pack(mode.precision, mode.isa)),
        gates_(MultiplyAll(layer_, linear_, Activation::kNone)),
        held_(MultiplyAll(LinearCase(19, 300, outputs, /*seed=*/8), linear_, Activation::kNone)) {}

  void ExpectFloats() const {
    std::vector<float> values = held_;
    MultiplyInto({.floats = values.data(), .stride = layer_.outputs});
    for (std::size_t place = 0; place < values.size(); ++place) {
      ASSERT_EQ(values[place], held_[place] * gates_[place]) << Describe(mode_, layer_);
    }
  }

  void ExpectHalves() const {
    std::vector<BFloat16> before;
    std::transform(held_.begin(), held_.end(), std::back_inserter(before), &ToBFloat16);
    std::vector<BFloat16> values = before;
    MultiplyInto({.halves = values.data(), .stride = layer_.outputs});
    for (std::size_t place = 0; place < values.size(); ++place) {
      ASSERT_EQ(values[place].bits, ToBFloat16(ToFloat(before[place]) * gates_[place]).bits)
          << Describe(mode_, layer_);
    }
  }

 private:
  void MultiplyInto(const LinearOutput& output) const {
    Operand operand(mode_.precision, mode_.isa, layer_.rows, layer_.inputs);
    Multiply(operand.Assign(layer_.Row(0), layer_.stride, layer_.rows, layer_.inputs), layer_.rows,
             linear_, Activation::kGate, output);
  }

  Mode mode_;
  LinearCase layer_;
  PackedLinear linear_;
  std::vector<float> gates_;
  std::vector<float> held_;
};

TEST(LinearTest, GatesAreMultipliedIntoTheOutput) {
  for (const Mode& mode : SupportedModes()) {
    for (const std::size_t outputs : Sizes{1, 31, 32, 67}) {
      const GateCase gate(mode, outputs);
      gate.ExpectFloats();
      if (ComputesBFloat16(mode.isa)) {
        gate.ExpectHalves();
      }
    }
  }
}

/// The output is in the middle of something: from an odd address on, rows further apart than they
/// are long.
void ExpectNothingElseWritten(const Mode& mode, const LinearCase& layer) {
  constexpr float kGuard = -12345;
  const PackedLinear linear = layer.Pack(mode.precision, mode.isa);
  const std::vector<float> expected = MultiplyAll(layer, linear, Activation::kNone);
  const std::size_t stride = layer.outputs + 5;
  std::vector<float> output((layer.rows + 1) * stride + 1, kGuard);
  Operand operand(mode.precision, mode.isa, layer.rows, layer.inputs);
  Multiply(operand.Assign(layer.Row(0), layer.stride, layer.rows, layer.inputs), layer.rows, linear,
           Activation::kNone, {.floats = output.data() + 1, .stride = stride});
  EXPECT_EQ(output[0], kGuard);
  for (std::size_t place = 0; place + 1 < output.size(); ++place) {
    const std::size_t row = place / stride;
    const std::size_t column = place % stride;
    const bool is_inside = row < layer.rows && column < layer.outputs;
    ASSERT_EQ(output[place + 1], is_inside ? expected[row * layer.outputs + column] : kGuard)
        << Describe(mode, layer) << ", row " << row << ", column " << column;
  }
}

TEST(LinearTest, NothingBesideTheOutputIsWritten) {
  for (const Mode& mode : SupportedModes()) {
    for (const std::size_t rows : Sizes{1, 5, 13, 33}) {
      for (const std::size_t outputs : Sizes{1, 3, 31, 33, 50}) {
        ExpectNothingElseWritten(mode, LinearCase(rows, 20, outputs, /*seed=*/6));
      }
    }
  }
}

TEST(LinearTest, BFloat16OutputIsTheRoundedFloat) {
  constexpr BFloat16 kGuard{0xABCD};
  for (const Mode& mode : SupportedModes()) {
    if (!ComputesBFloat16(mode.isa)) {
      continue;
    }
    for (const std::size_t outputs : Sizes{1, 15, 32, 47}) {
      const LinearCase layer(9, 40, outputs, /*seed=*/7);
      const PackedLinear linear = layer.Pack(mode.precision, mode.isa);
      const std::vector<float> floats = MultiplyAll(layer, linear, Activation::kGelu);
      const std::size_t stride = outputs + 3;
      std::vector<BFloat16> halves(layer.rows * stride, kGuard);
      Operand operand(mode.precision, mode.isa, layer.rows, layer.inputs);
      Multiply(operand.Assign(layer.Row(0), layer.stride, layer.rows, layer.inputs), layer.rows,
               linear, Activation::kGelu, {.halves = halves.data(), .stride = stride});
      for (std::size_t place = 0; place < halves.size(); ++place) {
        const std::size_t column = place % stride;
        const BFloat16 expected =
            column < outputs ? ToBFloat16(floats[place / stride * outputs + column]) : kGuard;
        ASSERT_EQ(halves[place].bits, expected.bits) << Describe(mode, layer) << ", " << place;
      }
    }
  }
}

constexpr std::size_t kBadRow = 3;

void ExpectSeenInItsRowOnly(const Mode& mode, std::size_t column, float value) {
  LinearCase layer(7, 69, 33, /*seed=*/8);
  const PackedLinear linear = layer.Pack(mode.precision, mode.isa);
  const std::vector<float> before = MultiplyAll(layer, linear, Activation::kNone);
  layer.Row(kBadRow)[column] = value;
  const std::vector<float> after = MultiplyAll(layer, linear, Activation::kNone);
  for (std::size_t place = 0; place < after.size(); ++place) {
    if (place / layer.outputs == kBadRow) {
      ASSERT_FALSE(std::isfinite(after[place])) << Describe(mode, layer) << ", " << column;
    } else {
      ASSERT_EQ(after[place], before[place]) << Describe(mode, layer) << ", " << column;
    }
  }
}

TEST(LinearTest, WhatIsNotFiniteIsSeenInItsRowOnly) {
  for (const Mode& mode : SupportedModes()) {
    for (const std::size_t column : Sizes{0, 7, 19, 64, 68}) {
      ExpectSeenInItsRowOnly(mode, column, std::numeric_limits<float>::quiet_NaN());
      ExpectSeenInItsRowOnly(mode, column, std::numeric_limits<float>::infinity());
    }
  }
}

TEST(LinearTest, AWeightThatIsNotFiniteIsSeenInItsOutputOnly) {
  for (const Mode& mode : SupportedModes()) {
    LinearCase layer(7, 69, 33, /*seed=*/9);
    const std::vector<float> before =
        MultiplyAll(layer, layer.Pack(mode.precision, mode.isa), Activation::kNone);
    layer.weights[5 * layer.inputs + 40] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> after =
        MultiplyAll(layer, layer.Pack(mode.precision, mode.isa), Activation::kNone);
    for (std::size_t place = 0; place < after.size(); ++place) {
      if (place % layer.outputs == 5) {
        ASSERT_FALSE(std::isfinite(after[place])) << Describe(mode, layer);
      } else {
        ASSERT_EQ(after[place], before[place]) << Describe(mode, layer);
      }
    }
  }
}

}  // namespace
}  // namespace bertqa
