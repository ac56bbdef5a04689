#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "attention_window.h"

namespace bertqa {
namespace {

// The weights' errors average out: what is typical, for tests that a wrong bit must not pass.
constexpr double kTypicalBFloat16Error = 2.5 / 256;

template <typename T>
void ExpectSmallError(Isa isa, std::size_t tokens, std::size_t size, double limit) {
  Window<T> window(tokens, size);
  window.Fill(/*query_spread=*/1, /*key_spread=*/1,
              /*seed=*/static_cast<std::uint32_t>(tokens * 1000 + size));
  EXPECT_LE(LargestError(isa, window), limit) << Describe(isa, tokens, size);
}

TEST(AttentionTest, AllShortWindowsAreLikeTheDefinition) {
  for (const Isa isa : SupportedIsas()) {
    for (std::size_t tokens = 1; tokens <= 70; ++tokens) {
      for (const std::size_t size : {32, 33, 64}) {
        ExpectSmallError<float>(isa, tokens, size, 1e-5);
      }
    }
  }
}

TEST(AttentionTest, AnyHeadSizeIsLikeTheDefinition) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t size :
         {1, 2, 3, 4, 5, 7, 8, 11, 15, 16, 17, 21, 31, 40, 48, 63, 65, 80, 96, 100, 128, 256}) {
      for (const std::size_t tokens : {1, 2, 13, 33, 47}) {
        ExpectSmallError<float>(isa, tokens, size, 1e-5);
      }
    }
  }
}

TEST(AttentionTest, LongWindowsAreLikeTheDefinition) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t tokens : {127, 128, 180, 255, 256, 257, 384, 511, 512, 1030}) {
      ExpectSmallError<float>(isa, tokens, 32, 1e-5);
    }
    ExpectSmallError<float>(isa, 257, 64, 1e-5);
    ExpectSmallError<float>(isa, 512, 64, 1e-5);
  }
}

TEST(AttentionTest, BiasOfDistanceIsAdded) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t tokens : {1, 2, 15, 16, 17, 33, 70, 257, 512}) {
      for (const std::size_t size : {7, 32, 64}) {
        for (const std::size_t more : {0, 3}) {
          Window<float> window(tokens, size);
          window.Fill(/*query_spread=*/1, /*key_spread=*/1, /*seed=*/9);
          window.FillBias(/*spread=*/2, tokens + more, /*seed=*/10);
          EXPECT_LE(LargestError(isa, window), 1e-5) << Describe(isa, tokens, size);
        }
      }
    }
  }
}

// Biases alone would overflow: 2^(150 · log2(e)).
TEST(AttentionTest, LargeBiasesDoNotOverflow) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t tokens : {5, 64, 300}) {
      Window<float> window(tokens, 32);
      window.Fill(/*query_spread=*/1, /*key_spread=*/1, /*seed=*/11);
      window.FillBias(/*spread=*/150, tokens, /*seed=*/12);
      EXPECT_LE(LargestError(isa, window), 5e-4) << Describe(isa, tokens, 32);
    }
  }
}

TEST(AttentionTest, BFloat16IsLikeTheDefinitionUpToRounding) {
  for (const Isa isa : BFloat16Isas()) {
    for (std::size_t tokens = 1; tokens <= 70; ++tokens) {
      ExpectSmallError<BFloat16>(isa, tokens, 32, kBFloat16Error);
    }
    for (const std::size_t size : {1, 2, 4, 5, 7, 11, 16, 21, 31, 33, 48, 64, 65, 96, 128}) {
      for (const std::size_t tokens : {1, 13, 31, 32, 33, 65}) {
        ExpectSmallError<BFloat16>(isa, tokens, size, kBFloat16Error);
      }
    }
    for (const std::size_t tokens : {127, 180, 255, 256, 257, 384, 511, 512, 1030}) {
      ExpectSmallError<BFloat16>(isa, tokens, 32, kTypicalBFloat16Error);
      ExpectSmallError<BFloat16>(isa, tokens, 64, kTypicalBFloat16Error);
    }
  }
}

TEST(AttentionTest, ConstantValuesAreReturnedExactlyInBFloat16) {
  // The weights are divided by the sum of what they were rounded to.
  for (const Isa isa : BFloat16Isas()) {
    Window<BFloat16> window(77, 32);
    window.Fill(1, 1, /*seed=*/3);
    for (std::size_t token = 0; token < window.tokens; ++token) {
      for (std::size_t index = 0; index < window.size; ++index) {
        window.Value(token, index) = ToBFloat16(0.7F);
      }
    }
    for (const BFloat16 value : AttendWindow(isa, window)) {
      ASSERT_EQ(value.bits, ToBFloat16(0.7F).bits) << NameOf(isa);
    }
  }
}

/// Scores up to about 10,000: one weight is 1, or nearly so.
template <typename T>
void ExpectLargeScoresToPickOne(Isa isa) {
  for (const std::size_t tokens : {5, 64, 300}) {
    Window<T> window(tokens, 32);
    window.Fill(/*query_spread=*/45, /*key_spread=*/45, /*seed=*/5);
    const std::vector<T> output = AttendWindow(isa, window);
    for (std::size_t token = 0; token < tokens; ++token) {
      const std::vector<double> expected = AttendSlowly(window, token);
      for (std::size_t index = 0; index < window.size; ++index) {
        // A score is off by about 1e-7 of 10,000, and so are weights where two are close.
        ASSERT_NEAR(static_cast<double>(ToFloat(output[token * window.size + index])),
                    expected[index], sizeof(T) == 4 ? 5e-3 : kBFloat16Error)
            << Describe(isa, tokens, window.size);
      }
    }
  }
}

TEST(AttentionTest, LargeScoresDoNotOverflow) {
  for (const Isa isa : SupportedIsas()) {
    ExpectLargeScoresToPickOne<float>(isa);
  }
  for (const Isa isa : BFloat16Isas()) {
    ExpectLargeScoresToPickOne<BFloat16>(isa);
  }
}

/// All scores of a token are `score` · √D or so: below zero they must not vanish.
template <typename T>
void ExpectEqualScoresToAverage(Isa isa, float key, double limit) {
  for (const std::size_t tokens : {1, 3, 31, 33, 260}) {
    Window<T> window(tokens, 32);
    window.Fill(1, 1, /*seed=*/7);
    std::vector<double> averages(window.size);
    for (std::size_t token = 0; token < tokens; ++token) {
      for (std::size_t index = 0; index < window.size; ++index) {
        window.Query(token, index) = FromFloat<T>(1);
        window.Key(token, index) = FromFloat<T>(key);
        averages[index] +=
            static_cast<double>(ToFloat(window.Value(token, index))) / static_cast<double>(tokens);
      }
    }
    const std::vector<T> output = AttendWindow(isa, window);
    for (std::size_t place = 0; place < output.size(); ++place) {
      ASSERT_NEAR(static_cast<double>(ToFloat(output[place])), averages[place % window.size], limit)
          << Describe(isa, tokens, window.size) << ", key: " << key;
    }
  }
}

TEST(AttentionTest, EqualScoresGiveTheAverage) {
  for (const float key : {0.0F, 1.0F, -1.0F, 9.0F, -9.0F, 1000.0F, -1000.0F}) {
    for (const Isa isa : SupportedIsas()) {
      ExpectEqualScoresToAverage<float>(isa, key, 1e-6);
    }
    for (const Isa isa : BFloat16Isas()) {
      ExpectEqualScoresToAverage<BFloat16>(isa, key, 5.0 / 512);
    }
  }
}

TEST(AttentionTest, BothWaysOfTheSoftMaxAgree) {
  // Just within the bound and just beyond it, where the largest score is subtracted.
  for (const Isa isa : SupportedIsas()) {
    for (const float spread : {1.9F, 2.1F, 2.3F, 2.5F, 2.7F}) {
      Window<float> window(100, 32);
      window.Fill(spread, spread, /*seed=*/11);
      EXPECT_LE(LargestError(isa, window), 1e-5) << NameOf(isa) << ", spread " << spread;
    }
  }
}

/// `neighbour` before each row and after it stays as it was.
template <typename T>
void ExpectNeighboursUntouched(Isa isa) {
  for (const std::size_t size : {1, 5, 32, 33, 64}) {
    const std::size_t tokens = 35;
    Window<T> window(tokens, size);
    window.Fill(1, 1, /*seed=*/13);
    const std::size_t stride = size + 2 * kMargin;
    const T neighbour = FromFloat<T>(-77);
    std::vector<T> output(tokens * stride, neighbour);
    AttentionScratch scratch(isa, tokens, size);
    Attend(isa, window.Head(output.data() + kMargin, stride), scratch);
    for (std::size_t place = 0; place < output.size(); ++place) {
      const std::size_t column = place % stride;
      const bool is_neighbour = column < kMargin || column >= kMargin + size;
      ASSERT_EQ(ToFloat(output[place]) == -77.0F, is_neighbour)
          << Describe(isa, tokens, size) << ", place " << place;
    }
  }
}

TEST(AttentionTest, NothingBesideTheHeadIsWritten) {
  for (const Isa isa : SupportedIsas()) {
    ExpectNeighboursUntouched<float>(isa);
  }
  for (const Isa isa : BFloat16Isas()) {
    ExpectNeighboursUntouched<BFloat16>(isa);
  }
}

/// The same bytes from a larger scratch that another window has filled, with what is not a number.
template <typename T>
void ExpectNoTraceOfOtherWindows(Isa isa) {
  for (const std::size_t tokens : {1, 33, 100, 129}) {
    Window<T> window(tokens, 21);
    window.Fill(1, 1, /*seed=*/17);
    Window<T> other(300, 21);
    std::fill(other.values.begin(), other.values.end(),
              FromFloat<T>(std::numeric_limits<float>::infinity()));
    AttentionScratch scratch(isa, 300, 21);
    AttendWindow(isa, other, scratch);
    const std::vector<T> again = AttendWindow(isa, window, scratch);
    const std::vector<T> alone = AttendWindow(isa, window);
    for (std::size_t place = 0; place < alone.size(); ++place) {
      ASSERT_EQ(ToFloat(again[place]), ToFloat(alone[place])) << Describe(isa, tokens, 21);
    }
  }
}

TEST(AttentionTest, AWindowsResultDependsOnNoOther) {
  for (const Isa isa : SupportedIsas()) {
    ExpectNoTraceOfOtherWindows<float>(isa);
  }
  for (const Isa isa : BFloat16Isas()) {
    ExpectNoTraceOfOtherWindows<BFloat16>(isa);
  }
}

TEST(AttentionTest, TensOfThousandsOfTokensAreAttended) {
  const Isa isa = SupportedIsas().back();
  Window<float> window(20'000, 8);
  window.Fill(1, 1, /*seed=*/19);
  const std::vector<float> output = AttendWindow(isa, window);
  for (const std::size_t token : {0, 9'999, 19'999}) {
    const std::vector<double> expected = AttendSlowly(window, token);
    for (std::size_t index = 0; index < window.size; ++index) {
      EXPECT_NEAR(static_cast<double>(output[token * window.size + index]), expected[index], 1e-5);
    }
  }
}

}  // namespace
}  // namespace bertqa
