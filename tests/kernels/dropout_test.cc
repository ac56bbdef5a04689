#include "kernels/dropout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/mix_key.h"

namespace bertqa {
namespace {

constexpr std::uint64_t kKey = 0x123456789ABCDEF0U;

/// The same hash, a value at a time.
bool IsDropped(std::uint64_t key, double probability, std::uint32_t index) {
  std::uint32_t word = index + static_cast<std::uint32_t>(key);
  word ^= word >> 16U;
  word *= 0x7FEB352DU;
  word = (word ^ (word >> 15U)) + static_cast<std::uint32_t>(key >> 32U);
  word *= 0x846CA68BU;
  word ^= word >> 16U;
  return static_cast<double>(word) < std::floor(std::ldexp(probability, 32));
}

TEST(Dropout, EveryInstructionSetDropsTheSame) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t count : {1U, 15U, 16U, 33U, 1000U}) {
      std::vector<float> values(count + 1, 3.0F);
      DropoutKernel{kKey, 0.1, isa}.Apply(values.data(), count, 77);
      for (std::size_t i = 0; i < count; ++i) {
        const bool is_dropped = IsDropped(kKey, 0.1, static_cast<std::uint32_t>(77 + i));
        EXPECT_FLOAT_EQ(values[i], is_dropped ? 0.0F : 3.0F / 0.9F) << NameOf(isa) << ' ' << i;
      }
      EXPECT_EQ(values[count], 3.0F) << "beyond the end";
    }
  }
}

TEST(Dropout, DropsTheShareAskedForAndDiffersBetweenKeys) {
  constexpr std::size_t kCount = 200000;
  std::vector<std::vector<float>> masks;
  for (std::uint64_t number = 0; number < 3; ++number) {
    masks.emplace_back(kCount, 1.0F);
    DropoutKernel{MixKey(5, number), 0.25}.Apply(masks.back().data(), kCount, 0);
    std::size_t dropped = 0;
    for (const float value : masks.back()) {
      dropped += value == 0 ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(dropped) / kCount, 0.25, 0.005);  // 5 deviations
  }
  for (std::size_t other : {1U, 2U}) {
    std::size_t both = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      both += masks[0][i] == 0 && masks[other][i] == 0 ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(both) / kCount, 0.0625, 0.003);
  }
}

TEST(Dropout, HalvesAreTheRoundedFloats) {
  if (!ComputesBFloat16(ChosenIsa())) {
    GTEST_SKIP() << "no bfloat16 here";
  }
  std::vector<float> values;
  std::vector<BFloat16> halves;
  for (int i = 0; i < 75; ++i) {
    halves.push_back(ToBFloat16(0.37F * static_cast<float>(i) - 9));
    values.push_back(ToFloat(halves.back()));
  }
  const DropoutKernel kernel{kKey, 0.5};
  kernel.Apply(values.data(), values.size(), 3);
  kernel.Apply(halves.data(), halves.size(), 3);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(halves[i].bits, ToBFloat16(values[i]).bits) << i;
  }
}

}  // namespace
}  // namespace bertqa
