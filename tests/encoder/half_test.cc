#include "encoder/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bertqa {
namespace {

/// The value of a half by its definition (IEEE 754-2019, 3.4), exact as a float.
float ValueOf(std::uint32_t half) {
  const auto exponent = static_cast<int>((half >> 10U) & 0x1FU);
  const auto fraction = static_cast<float>(half & 0x3FFU);
  const float magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (half & 0x8000U) != 0 ? -magnitude : magnitude;
}

constexpr std::uint32_t kInfinity = 0x7C00;

TEST(HalfTest, EveryHalfIsItself) {
  for (std::uint32_t half = 0; half < kInfinity; ++half) {
    ASSERT_EQ(HalfBits(ValueOf(half)), half);
    ASSERT_EQ(HalfBits(-ValueOf(half)), half | 0x8000U);
  }
}

// Between two halves everything up to the middle goes down and everything from there on goes up,
// the middle itself to the even one. Rounding is monotonic in between, so that these are all cases.
TEST(HalfTest, RoundsToTheNearestAndTiesToEven) {
  for (std::uint32_t half = 0; half < kInfinity; ++half) {
    const float below = ValueOf(half);
    const float above = half + 1 == kInfinity ? 65536.0F : ValueOf(half + 1);
    const float middle = (below + above) / 2;
    ASSERT_EQ(HalfBits(middle), half % 2 == 0 ? half : half + 1) << middle;
    ASSERT_EQ(HalfBits(std::nextafter(middle, below)), half) << middle;
    ASSERT_EQ(HalfBits(std::nextafter(middle, above)), half + 1) << middle;
    ASSERT_EQ(HalfBits(std::nextafter(above, below)), half + 1) << above;
    ASSERT_EQ(HalfBits(std::nextafter(below, above)), half) << below;
  }
}

TEST(HalfTest, WhatIsNoNumberStaysNone) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(HalfBits(kInf), kInfinity);
  EXPECT_EQ(HalfBits(-kInf), kInfinity | 0x8000U);
  EXPECT_EQ(HalfBits(std::numeric_limits<float>::max()), kInfinity);
  for (const std::uint32_t nan : {0x7F800001U, 0x7FC00000U, 0xFFFFFFFFU}) {
    EXPECT_GT(HalfBits(std::bit_cast<float>(nan)) & 0x7FFFU, kInfinity);
  }
  EXPECT_EQ(HalfBits(std::numeric_limits<float>::denorm_min()), 0U);
}

}  // namespace
}  // namespace bertqa
