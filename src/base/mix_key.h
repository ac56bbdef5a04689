#pragma once

#include <cstdint>

namespace bertqa {

/// Another key for each number: well mixed (SplitMix64, Steele et al. 2014), so that neighbouring
/// numbers give unrelated keys.
constexpr std::uint64_t MixKey(std::uint64_t key, std::uint64_t number) {
  std::uint64_t mixed = key + (number + 1) * 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace bertqa
