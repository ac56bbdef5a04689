#include "kernels/weight_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace bertqa {
namespace {

const std::vector<WeightGradient::Shape> kShapes = {{1, 1, 1},    {3, 2, 5},      {31, 33, 64},
                                                    {32, 32, 32}, {100, 130, 70}, {257, 96, 40}};

std::vector<float> RandomValues(std::size_t count, unsigned seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) {
    value = normal(bits);
  }
  return values;
}

std::vector<BFloat16> Narrowed(std::vector<float>& values) {
  std::vector<BFloat16> halves;
  for (float& value : values) {
    halves.push_back(ToBFloat16(value));
    value = ToFloat(halves.back());
  }
  return halves;
}

/// One sum after the other, and how large its terms are.
void ExpectProduct(const std::vector<float>& wanted, const std::vector<float>& input,
                   const WeightGradient::Shape& shape, const std::vector<float>& gradient) {
  for (std::size_t output = 0; output < shape.outputs; ++output) {
    for (std::size_t place = 0; place < shape.inputs; ++place) {
      double sum = 0;
      double magnitude = 0;
      for (std::size_t token = 0; token < shape.tokens; ++token) {
        const double term = static_cast<double>(wanted[token * shape.outputs + output]) *
                            static_cast<double>(input[token * shape.inputs + place]);
        sum += term;
        magnitude += std::abs(term);
      }
      ASSERT_NEAR(static_cast<double>(gradient[output * shape.inputs + place]), sum,
                  1e-5 * magnitude + 1e-6)
          << output << ", " << place;
    }
  }
}

TEST(WeightGradient, EqualsOneSumAfterTheOther) {
  for (const Isa isa : SupportedIsas()) {
    WeightGradient floats(Precision::kFloat32, isa);  // kept from one shape to the next
    for (const WeightGradient::Shape& shape : kShapes) {
      std::vector<float> wanted = RandomValues(shape.tokens * shape.outputs, 1);
      std::vector<float> input = RandomValues(shape.tokens * shape.inputs, 2);
      std::vector<float> gradient(shape.outputs * shape.inputs, NAN);
      floats.Compute(wanted.data(), input.data(), shape, gradient.data());
      ExpectProduct(wanted, input, shape, gradient);
      if (ComputesBFloat16(isa)) {
        WeightGradient narrow(Precision::kBFloat16, isa);
        const std::vector<BFloat16> narrow_wanted = Narrowed(wanted);
        const std::vector<BFloat16> narrow_input = Narrowed(input);
        gradient.assign(gradient.size(), NAN);
        narrow.Compute(narrow_wanted.data(), narrow_input.data(), shape, gradient.data());
        ExpectProduct(wanted, input, shape, gradient);
      }
    }
  }
}

TEST(Transpose, MovesEachValue) {
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{1, 1},
                                      {32, 32},
                                      {64, 32},
                                      {33, 95},
                                      {8, 40},
                                      {70, 7}}) {
    std::vector<BFloat16> values(rows * columns);
    for (std::size_t place = 0; place < values.size(); ++place) {
      values[place].bits = static_cast<std::uint16_t>(place * 7919);
    }
    const std::size_t stride = rows + 3;
    std::vector<BFloat16> output(columns * stride);
    Transpose(values.data(), rows, columns, output.data(), stride);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < columns; ++column) {
        ASSERT_EQ(output[column * stride + row].bits, values[row * columns + column].bits);
      }
    }
  }
}

}  // namespace
}  // namespace bertqa
