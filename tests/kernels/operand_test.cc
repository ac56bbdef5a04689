#include "kernels/operand.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "linear_case.h"

namespace bertqa {
namespace {

/// One row of int8, a group of inputs.
struct Quantised {
  Quantised(Isa isa, const std::vector<float>& row) : bytes(row.size()) {
    Operand operand(Precision::kInt8, isa, 1, row.size());
    const OperandView view = operand.Assign(row.data(), row.size(), 1, row.size());
    const auto* const data = reinterpret_cast<const std::uint8_t*>(view.data);
    std::copy_n(data, row.size(), bytes.begin());
    scale = view.scales[0];
  }

  double ReadBack(std::size_t index) const {
    return static_cast<double>(scale.scale) * bytes[index] + static_cast<double>(scale.minimum);
  }

  std::vector<std::uint8_t> bytes;
  RowScale scale;
};

std::vector<float> RandomRow(std::size_t size, float spread, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.2F * spread, spread);
  std::vector<float> row(size);
  std::generate(row.begin(), row.end(), [&] { return normal(random); });
  return row;
}

void ExpectWithinHalfAStep(Isa isa, std::size_t size, float spread) {
  const std::vector<float> row = RandomRow(size, spread, /*seed=*/1);
  const Quantised quantised(isa, row);
  const auto step = static_cast<double>(quantised.scale.scale);
  for (std::size_t index = 0; index < size; ++index) {
    ASSERT_NEAR(quantised.ReadBack(index), static_cast<double>(row[index]), 0.5001 * step)
        << NameOf(isa) << ", size " << size << ", spread " << spread;
  }
}

TEST(OperandTest, Int8ReadsBackWithinHalfAStep) {
  for (const Isa isa : SupportedIsas()) {
    for (std::size_t size = 1; size <= 128; ++size) {
      for (const float spread : {1e-30F, 1e-3F, 1.0F, 1e30F}) {
        ExpectWithinHalfAStep(isa, size, spread);
      }
    }
  }
}

TEST(OperandTest, Int8UsesItsWholeRange) {
  for (const Isa isa : SupportedIsas()) {
    for (std::size_t size = 2; size <= 128; ++size) {
      const std::vector<float> row = RandomRow(size, 1, /*seed=*/2);
      const Quantised quantised(isa, row);
      const auto [low, high] = std::minmax_element(row.begin(), row.end());
      ASSERT_EQ(quantised.bytes[static_cast<std::size_t>(low - row.begin())], 0);
      ASSERT_EQ(quantised.bytes[static_cast<std::size_t>(high - row.begin())], 255)
          << NameOf(isa) << ", size " << size;
      ASSERT_EQ(quantised.scale.minimum, *low);
    }
  }
}

TEST(OperandTest, Int8GroupsAreAsIfAlone) {
  for (const Isa isa : SupportedIsas()) {
    const std::size_t step = isa == Isa::kAmx ? 384 : 128;
    for (const std::size_t size : {step - 1, step, step + 1, 3 * step, 3 * step + 17}) {
      const std::vector<float> row = RandomRow(size, 1, /*seed=*/4);
      Operand operand(Precision::kInt8, isa, 1, size);
      const OperandView view = operand.Assign(row.data(), size, 1, size);
      ASSERT_EQ(view.groups, (size + step - 1) / step);
      for (std::size_t group = 0; group < view.groups; ++group) {
        const auto begin = static_cast<std::ptrdiff_t>(group * step);
        const auto end = static_cast<std::ptrdiff_t>(std::min(size, (group + 1) * step));
        const Quantised alone(isa, {row.begin() + begin, row.begin() + end});
        ASSERT_EQ(std::memcmp(view.data + begin, alone.bytes.data(), alone.bytes.size()), 0)
            << NameOf(isa) << ", size " << size << ", group " << group;
        ASSERT_EQ(view.scales[group].scale, alone.scale.scale);
        ASSERT_EQ(view.scales[group].minimum, alone.scale.minimum);
      }
    }
  }
}

TEST(OperandTest, Int8TiesGoToEven) {
  for (const Isa isa : SupportedIsas()) {
    // A step of 2: odd values are half way.
    std::vector<float> row(67);
    for (std::size_t index = 0; index < row.size(); ++index) {
      row[index] = static_cast<float>(index);
    }
    row.back() = 2.0F * 255;
    const Quantised quantised(isa, row);
    ASSERT_EQ(quantised.scale.scale, 2.0F);
    for (std::size_t index = 0; index < 66; ++index) {
      const std::size_t down = index / 2;
      const std::size_t expected = index % 2 == 0 || down % 2 == 0 ? down : down + 1;
      ASSERT_EQ(quantised.bytes[index], expected) << NameOf(isa) << ", " << index;
    }
  }
}

void ExpectExact(Isa isa, std::size_t size, float value) {
  const Quantised quantised(isa, std::vector<float>(size, value));
  for (std::size_t index = 0; index < size; ++index) {
    ASSERT_EQ(quantised.ReadBack(index), static_cast<double>(value)) << NameOf(isa);
  }
}

TEST(OperandTest, Int8OfEqualValuesIsExact) {
  for (const Isa isa : SupportedIsas()) {
    for (const float value : {0.0F, 3.5F, -7.25F, 3e38F, -1e-40F}) {
      for (const std::size_t size : Sizes{1, 5, 64, 100}) {
        ExpectExact(isa, size, value);
      }
    }
  }
}

void ExpectHugeValueKept(Isa isa, std::size_t place, float huge) {
  std::vector<float> row = RandomRow(67, 1, /*seed=*/3);
  row[place] = huge;
  const Quantised quantised(isa, row);
  ASSERT_NEAR(quantised.ReadBack(place) / static_cast<double>(huge), 1, 1e-6) << NameOf(isa);
  for (std::size_t index = 0; index < row.size(); ++index) {
    const std::uint8_t expected = (index == place) == (huge > 0) ? 255 : 0;
    ASSERT_EQ(quantised.bytes[index], expected) << NameOf(isa) << ", " << index;
  }
}

TEST(OperandTest, Int8OfOneHugeValueKeepsIt) {
  for (const Isa isa : SupportedIsas()) {
    for (const float huge : {1e9F, -1e9F, 1e38F}) {
      for (const std::size_t place : Sizes{0, 3, 64, 66}) {
        ExpectHugeValueKept(isa, place, huge);
      }
    }
  }
}

/// A step whose reciprocal is no float.
TEST(OperandTest, Int8OfTinyValuesIsTiny) {
  for (const Isa isa : SupportedIsas()) {
    for (const float tiny : {1e-45F, 1e-40F, 1e-37F, 1e-36F, 1e-35F}) {
      std::vector<float> row(37, 0.0F);
      row[5] = tiny;
      row[36] = -tiny;
      const Quantised quantised(isa, row);
      ASSERT_GE(quantised.scale.scale, 0.0F);
      for (std::size_t index = 0; index < row.size(); ++index) {
        ASSERT_LE(quantised.bytes[index], 255);
        ASSERT_LE(std::abs(quantised.ReadBack(index)), 1.01 * static_cast<double>(tiny))
            << NameOf(isa) << ", " << tiny;
      }
    }
  }
}

void ExpectNotFinite(Isa isa, std::size_t place, float value) {
  std::vector<float> row = RandomRow(69, 1, /*seed=*/4);
  row[place] = value;
  const Quantised quantised(isa, row);
  for (std::size_t index = 0; index < row.size(); ++index) {
    ASSERT_FALSE(std::isfinite(quantised.ReadBack(index)))
        << NameOf(isa) << ", " << value << " at " << place;
  }
}

TEST(OperandTest, Int8OfWhatIsNotFiniteReadsBackSo) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const Isa isa : SupportedIsas()) {
    for (const float value : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
      for (std::size_t place = 0; place < 69; ++place) {
        ExpectNotFinite(isa, place, value);
      }
    }
  }
}

/// Rows of some columns in a room that has held longer ones.
void ExpectFilledWithZeros(Operand& operand, const Mode& mode, std::size_t columns) {
  const std::size_t row_bytes = columns * (mode.precision == Precision::kInt8 ? 1 : 2);
  const std::vector<float> values = RandomRow(3 * columns, 1, /*seed=*/5);
  const OperandView view = operand.Assign(values.data(), columns, 3, columns);
  ASSERT_EQ(reinterpret_cast<std::uintptr_t>(view.data) % 64, 0U);
  ASSERT_EQ(view.stride_bytes, RoundUp(row_bytes, 64));
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t byte = row_bytes; byte < view.stride_bytes; ++byte) {
      ASSERT_EQ(view.data[row * view.stride_bytes + byte], std::byte{0})
          << NameOf(mode.isa) << ", " << NameOf(mode.precision) << ", columns " << columns;
    }
  }
}

TEST(OperandTest, RowsBeginAtCacheLinesAndAreFilledWithZeros) {
  for (const Mode& mode : SupportedModes()) {
    if (mode.precision == Precision::kFloat32) {
      continue;
    }
    Operand operand(mode.precision, mode.isa, 3, 130);
    for (const std::size_t columns : Sizes{130, 70, 64, 33, 32, 31, 1}) {
      ExpectFilledWithZeros(operand, mode, columns);
    }
  }
}

TEST(OperandTest, ReservedRowsAreFilledWithZeros) {
  Operand operand(Precision::kBFloat16, ChosenIsa(), 2, 70);
  std::size_t stride = 0;
  BFloat16* const all = operand.ReserveBFloat16(2, 70, stride);
  std::fill_n(all, 2 * stride, BFloat16{0x3F80});
  const BFloat16* const rows = operand.ReserveBFloat16(2, 40, stride);
  ASSERT_EQ(stride, 64U);
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t column = 40; column < stride; ++column) {
      EXPECT_EQ(rows[row * stride + column].bits, 0);
    }
  }
}

TEST(OperandTest, BFloat16IsTheNearestAndTiesGoToEven) {
  // The lower half of the bits says where a float lies between two values.
  std::vector<float> values;
  for (std::uint32_t upper = 0; upper <= 0xFFFF; upper += 7) {
    for (const std::uint32_t lower : {0x0000U, 0x0001U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU}) {
      const auto value = std::bit_cast<float>(upper << 16U | lower);
      // The instruction takes subnormal numbers for 0.
      if (!std::isnan(value) && std::fpclassify(value) != FP_SUBNORMAL) {
        values.push_back(value);
      }
    }
  }
  for (const Isa isa : SupportedIsas()) {
    if (!ComputesBFloat16(isa)) {
      continue;
    }
    Operand operand(Precision::kBFloat16, isa, 1, values.size());
    const OperandView view = operand.Assign(values.data(), values.size(), 1, values.size());
    const auto* const halves = reinterpret_cast<const BFloat16*>(view.data);
    for (std::size_t index = 0; index < values.size(); ++index) {
      const auto bits = std::bit_cast<std::uint32_t>(values[index]);
      const std::uint32_t lower = bits & 0xFFFFU;
      const bool is_up = lower > 0x8000U || (lower == 0x8000U && (bits >> 16U & 1U) != 0);
      ASSERT_EQ(halves[index].bits, (bits >> 16U) + (is_up ? 1 : 0))
          << NameOf(isa) << ", of " << values[index];
    }
  }
}

TEST(OperandTest, Float32IsAViewOfTheValues) {
  Operand operand(Precision::kFloat32, ChosenIsa(), 4, 10);
  const std::vector<float> values(48);
  const OperandView view = operand.Assign(values.data(), 12, 4, 10);
  EXPECT_EQ(view.data, reinterpret_cast<const std::byte*>(values.data()));
  EXPECT_EQ(view.stride_bytes, 48U);
}

TEST(OperandTest, ARowDependsOnNoOther) {
  for (const Isa isa : SupportedIsas()) {
    const std::vector<float> values = RandomRow(std::size_t{9} * 50, 1, /*seed=*/7);
    Operand operand(Precision::kInt8, isa, 9, 47);
    const OperandView view = operand.Assign(values.data(), 50, 9, 47);
    for (std::size_t row = 0; row < 9; ++row) {
      const float* const begin = values.data() + row * 50;
      const Quantised alone(isa, std::vector<float>(begin, begin + 47));
      const auto* const bytes =
          reinterpret_cast<const std::uint8_t*>(view.data + row * view.stride_bytes);
      ASSERT_TRUE(std::equal(alone.bytes.begin(), alone.bytes.end(), bytes)) << NameOf(isa);
      ASSERT_EQ(alone.scale.scale, view.scales[row].scale);
      ASSERT_EQ(alone.scale.minimum, view.scales[row].minimum);
    }
  }
}

}  // namespace
}  // namespace bertqa
