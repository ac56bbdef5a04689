#include "kernels/widen.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bertqa {
namespace {

/// IEEE 754-2019, 3.4: sign, 5 bits of exponent, 10 of fraction.
double ValueOf(Float16 value) {
  const int exponent = value.bits >> 10U & 31U;
  const int fraction = value.bits & 1023U;
  const double sign = (value.bits & 0x8000U) != 0 ? -1 : 1;
  if (exponent == 31) {
    return fraction == 0 ? sign * INFINITY : NAN;
  }
  return exponent == 0 ? sign * std::ldexp(fraction, -24)
                       : sign * std::ldexp(1024 + fraction, exponent - 25);
}

/// The same with 8 bits of exponent and 7 of fraction.
double ValueOf(BFloat16 value) {
  const int exponent = value.bits >> 7U & 255U;
  const int fraction = value.bits & 127U;
  const double sign = (value.bits & 0x8000U) != 0 ? -1 : 1;
  if (exponent == 255) {
    return fraction == 0 ? sign * INFINITY : NAN;
  }
  return exponent == 0 ? sign * std::ldexp(fraction, -133)
                       : sign * std::ldexp(128 + fraction, exponent - 134);
}

template <typename T>
std::vector<T> AllValues() {
  std::vector<T> values;
  for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    values.push_back({static_cast<std::uint16_t>(bits)});
  }
  return values;
}

template <typename T>
void ExpectAllExact(Isa isa) {
  const std::vector<T> values = AllValues<T>();
  std::vector<float> output(values.size());
  Widen(isa, values.data(), values.size(), output.data());
  for (std::size_t index = 0; index < values.size(); ++index) {
    const double expected = ValueOf(values[index]);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(output[index])) << NameOf(isa) << ", bits " << index;
    } else {
      ASSERT_EQ(static_cast<double>(output[index]), expected) << NameOf(isa) << ", bits " << index;
      ASSERT_EQ(std::signbit(output[index]), std::signbit(expected)) << NameOf(isa);
    }
  }
}

TEST(WidenTest, EveryHalfIsExact) {
  for (const Isa isa : SupportedIsas()) {
    ExpectAllExact<Float16>(isa);
  }
}

TEST(WidenTest, EveryBFloat16IsExact) {
  for (const Isa isa : SupportedIsas()) {
    ExpectAllExact<BFloat16>(isa);
  }
}

/// From an odd address, into the middle of something.
template <typename T>
void ExpectOnlyCountWritten(Isa isa) {
  const std::vector<T> values = AllValues<T>();
  const T* const begin = values.data() + 0x3C01;  // about 1 as a half
  for (std::size_t count = 0; count <= 40; ++count) {
    std::vector<float> output(50, -7);
    Widen(isa, begin, count, output.data() + 1);
    ASSERT_EQ(output[0], -7.0F);
    for (std::size_t index = 0; index < 49; ++index) {
      const double expected = index < count ? ValueOf(begin[index]) : -7;
      ASSERT_EQ(static_cast<double>(output[index + 1]), expected)
          << NameOf(isa) << ", count " << count << ", index " << index;
    }
  }
}

TEST(WidenTest, NothingBesideTheOutputIsWritten) {
  for (const Isa isa : SupportedIsas()) {
    ExpectOnlyCountWritten<Float16>(isa);
    ExpectOnlyCountWritten<BFloat16>(isa);
  }
}

}  // namespace
}  // namespace bertqa
