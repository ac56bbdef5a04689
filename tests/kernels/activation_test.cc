#include "kernels/activation.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "kernels/tile.h"
#include "kernels/tile_finish.h"
#include "linear_case.h"

namespace bertqa {
namespace {

/// The activation of every value, by a layer that does nothing else.
std::vector<float> ActivateAll(Isa isa, Activation activation, const std::vector<float>& values) {
  PackedLinear identity(Precision::kFloat32, isa, 1, 1);
  const float one = 1;
  const float zero = 0;
  identity.SetRows(0, 1, &one, &zero);
  Operand operand(Precision::kFloat32, isa, values.size(), 1);
  std::vector<float> output(values.size());
  Multiply(operand.Assign(values.data(), 1, values.size(), 1), values.size(), identity, activation,
           {.floats = output.data(), .stride = 1});
  return output;
}

/// Dense where activations are, and some beyond.
std::vector<float> Sweep() {
  std::vector<float> values = {0.0F, -0.0F, 1e-30F, -1e-30F, 1e10F, 3e38F, -1e10F, -3e38F};
  for (int step = -200'000; step <= 200'000; ++step) {
    values.push_back(static_cast<float>(step) * 6e-5F);  // to ±12
  }
  return values;
}

/// `relative` to the argument: gelu(x) = x · Φ(x), and it is Φ that is approximated.
void ExpectAccurate(Activation activation, double relative) {
  const std::vector<float> values = Sweep();
  for (const Isa isa : SupportedIsas()) {
    const std::vector<float> output = ActivateAll(isa, activation, values);
    for (std::size_t index = 0; index < values.size(); ++index) {
      const auto value = static_cast<double>(values[index]);
      ASSERT_NEAR(static_cast<double>(output[index]), Activate(activation, value),
                  relative * std::abs(value))
          << NameOf(isa) << ", of " << values[index];
    }
  }
}

TEST(ActivationTest, GeluIsAccurate) {
  ExpectAccurate(Activation::kGelu, 3e-7);
}

TEST(ActivationTest, GeluOfNarrowProductsIsAsAccurateAsTheyAre) {
  const std::vector<float> values = Sweep();
  alignas(64) const std::array<float, kPanelColumns> biases = {};
  for (const Isa isa : SupportedIsas()) {
    for (const float value : values) {
      alignas(64) std::array<float, kPanelColumns> tile = {value};
      float output = 0;
      FinishOf(isa)(tile.data(), 1,
                    {.biases = biases.data(),
                     .activation = Activation::kGelu,
                     .is_narrow = true,
                     .columns = 1,
                     .floats = &output,
                     .stride = 1});
      const auto exact = static_cast<double>(value);
      ASSERT_NEAR(static_cast<double>(output), Activate(Activation::kGelu, exact),
                  1.9e-4 + 3e-7 * std::abs(exact))
          << NameOf(isa) << ", of " << value;
    }
  }
}

TEST(ActivationTest, GeluNewIsAccurate) {
  ExpectAccurate(Activation::kGeluNew, 3e-7);
}

TEST(ActivationTest, ReluAndNoneAreExact) {
  ExpectAccurate(Activation::kRelu, 0);
  ExpectAccurate(Activation::kNone, 0);
}

}  // namespace
}  // namespace bertqa
