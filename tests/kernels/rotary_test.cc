#include "kernels/rotary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "attention_window.h"

namespace bertqa {
namespace {

/// Heads beside each other with what belongs to somebody else before and after, and a row's turns.
template <typename T>
struct RotaryCase {
  RotaryCase(std::size_t head_count, std::size_t size) : heads(head_count), head_size(size) {
    std::mt19937 random(static_cast<std::uint32_t>(heads * 1000 + head_size));
    std::normal_distribution<float> normal;
    values.resize(heads * head_size + 2 * kMargin);
    for (T& value : values) {
      value = FromFloat<T>(normal(random));
    }
    turns.resize(head_size);
    for (std::size_t index = 0; index < head_size / 2; ++index) {
      const double angle = 10 * static_cast<double>(normal(random));
      turns[index] = static_cast<float>(std::cos(angle));
      turns[head_size / 2 + index] = static_cast<float>(std::sin(angle));
    }
  }

  /// The definition: (x + iy) · (cos + i sin).
  std::vector<double> RotateSlowly() const {
    const std::size_t half = head_size / 2;
    std::vector<double> result(values.size());
    for (std::size_t place = 0; place < values.size(); ++place) {
      result[place] = static_cast<double>(ToFloat(values[place]));
    }
    for (std::size_t head = 0; head < heads; ++head) {
      for (std::size_t index = 0; index < half; ++index) {
        double& x = result[kMargin + head * head_size + index];
        double& y = result[kMargin + head * head_size + half + index];
        const auto cosine = static_cast<double>(turns[index]);
        const auto sine = static_cast<double>(turns[half + index]);
        const double turned_x = x * cosine - y * sine;
        y = x * sine + y * cosine;
        x = turned_x;
      }
    }
    return result;
  }

  std::size_t heads;
  std::size_t head_size;
  std::vector<T> values;
  std::vector<float> turns;
};

template <typename T>
void ExpectLikeTheDefinition(Isa isa, double relative) {
  for (const std::size_t heads : Sizes{1, 3, 24}) {
    for (const std::size_t size : Sizes{2, 4, 6, 8, 14, 16, 30, 32, 34, 64, 66, 128}) {
      RotaryCase<T> values(heads, size);
      const std::vector<double> expected = values.RotateSlowly();
      Rotate(isa, values.values.data() + kMargin, heads, size, values.turns.data());
      for (std::size_t place = 0; place < expected.size(); ++place) {
        const bool is_neighbour = place < kMargin || place >= values.values.size() - kMargin;
        ASSERT_NEAR(static_cast<double>(ToFloat(values.values[place])), expected[place],
                    is_neighbour ? 0 : 1e-6 + relative * std::abs(expected[place]))
            << Describe(isa, heads, size) << ", place " << place;
      }
    }
  }
}

TEST(RotaryTest, RotatesLikeTheDefinition) {
  for (const Isa isa : SupportedIsas()) {
    ExpectLikeTheDefinition<float>(isa, 0);
  }
}

TEST(RotaryTest, BFloat16IsRoundedOnce) {
  // Highway has no target with bfloat16: one with its instruction is asked for where there is one.
  for (const Isa isa : SupportedIsas()) {
    if (ComputesBFloat16(isa) || isa < Isa::kAvx512) {
      ExpectLikeTheDefinition<BFloat16>(isa, 1.0 / 256);
    }
  }
}

TEST(RotaryTest, NoTurnChangesNothing) {
  for (const Isa isa : SupportedIsas()) {
    RotaryCase<float> values(2, 6);
    const std::vector<float> before = values.values;
    values.turns = {1, 1, 1, 0, 0, 0};
    Rotate(isa, values.values.data() + kMargin, 2, 6, values.turns.data());
    EXPECT_EQ(values.values, before) << NameOf(isa);
  }
}

}  // namespace
}  // namespace bertqa
