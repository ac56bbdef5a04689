#pragma once

#include <bit>
#include <cstdint>

namespace bertqa {

/// The bits of `value` as IEEE 754 binary16, rounded to nearest, ties to even: 65,520 and more
/// becomes infinity, a NaN stays one.
inline std::uint16_t HalfBits(float value) {
  constexpr std::uint32_t kInfinity = 0x7C00;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16U) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) {
    return static_cast<std::uint16_t>(sign | kInfinity | 0x200U);
  }
  if (magnitude >= 0x477FF000U) {  // 65,520: half way between the largest half and 2^16
    return static_cast<std::uint16_t>(sign | kInfinity);
  }
  if (magnitude < 0x38800000U) {  // 2^-14: subnormal as a half, a multiple of 2^-24
    // In [0.5, 1) floats are multiples of 2^-24 as well: the addition rounds as it should.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(
        sign | (std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0.5F)));
  }
  // The exponent's bias goes from 127 to 15, the fraction loses 13 bits; a carry goes into the
  // exponent, which is right.
  const std::uint32_t rounded = magnitude + 0xFFFU + ((magnitude >> 13U) & 1U);
  return static_cast<std::uint16_t>(sign | ((rounded - (112U << 23U)) >> 13U));
}

}  // namespace bertqa
