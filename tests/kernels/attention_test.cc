#include "kernels/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace bertqa {
namespace {

constexpr std::size_t kMargin = 3;  // values between rows that belong to somebody else

float ToFloat(float value) {
  return value;
}

template <typename T>
T FromFloat(float value) {
  if constexpr (std::is_same_v<T, float>) {
    return value;
  } else {
    return ToBFloat16(value);
  }
}

/// q, k and v of one head, in rows as an encoder has them: with other heads between.
template <typename T>
struct Window {
  Window(std::size_t token_count, std::size_t head_size)
      : tokens(token_count),
        size(head_size),
        stride(3 * head_size + kMargin),
        values(token_count * stride) {}

  T& Query(std::size_t token, std::size_t index) { return values[token * stride + index]; }
  T& Key(std::size_t token, std::size_t index) { return Query(token, size + index); }
  T& Value(std::size_t token, std::size_t index) { return Query(token, 2 * size + index); }

  /// Normally distributed.
  void Fill(float query_spread, float key_spread, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (std::size_t token = 0; token < tokens; ++token) {
      for (std::size_t index = 0; index < size; ++index) {
        Query(token, index) = FromFloat<T>(query_spread * normal(random));
        Key(token, index) = FromFloat<T>(key_spread * normal(random));
        Value(token, index) = FromFloat<T>(normal(random));
      }
    }
  }

  AttentionHead<T> Head(T* output, std::size_t output_stride) const {
    return {.query = values.data(),
            .key = values.data() + size,
            .value = values.data() + 2 * size,
            .stride = stride,
            .output = output,
            .output_stride = output_stride,
            .tokens = tokens,
            .head_size = size,
            .bias = bias ? &*bias : nullptr};
  }

  /// Normally distributed, for windows of up to `max_tokens`.
  void FillBias(float spread, std::size_t max_tokens, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    of_distance.resize(2 * max_tokens - 1);
    for (float& value : of_distance) {
      value = spread * normal(random);
    }
    bias.emplace(of_distance);
  }

  std::size_t tokens;
  std::size_t size;
  std::size_t stride;
  std::vector<T> values;
  std::vector<float> of_distance;
  std::optional<DistanceBias> bias;
};

/// [tokens, size], without anything between.
template <typename T>
std::vector<T> AttendWindow(Isa isa, const Window<T>& window, AttentionScratch& scratch) {
  std::vector<T> output(window.tokens * window.size);
  Attend(isa, window.Head(output.data(), window.size), scratch);
  return output;
}

template <typename T>
std::vector<T> AttendWindow(Isa isa, const Window<T>& window) {
  AttentionScratch scratch(isa, window.tokens, window.size);
  return AttendWindow(isa, window, scratch);
}

/// The definition, in double precision: softmax(q · Kᵀ / √D) · V of one token.
template <typename T>
std::vector<double> AttendSlowly(Window<T>& window, std::size_t token) {
  std::vector<double> weights(window.tokens);
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t other = 0; other < window.tokens; ++other) {
    double score = 0;
    for (std::size_t index = 0; index < window.size; ++index) {
      score += static_cast<double>(ToFloat(window.Query(token, index))) *
               static_cast<double>(ToFloat(window.Key(other, index)));
    }
    weights[other] = score / std::sqrt(static_cast<double>(window.size));
    if (!window.of_distance.empty()) {
      weights[other] +=
          static_cast<double>(window.of_distance[other + window.of_distance.size() / 2 - token]);
    }
    largest = std::max(largest, weights[other]);
  }
  double sum = 0;
  for (double& weight : weights) {
    weight = std::exp(weight - largest);
    sum += weight;
  }
  std::vector<double> result(window.size);
  for (std::size_t index = 0; index < window.size; ++index) {
    for (std::size_t other = 0; other < window.tokens; ++other) {
      result[index] +=
          weights[other] / sum * static_cast<double>(ToFloat(window.Value(other, index)));
    }
  }
  return result;
}

/// The largest difference from the definition. NaN is the largest of all.
template <typename T>
double LargestError(Isa isa, Window<T>& window) {
  const std::vector<T> output = AttendWindow(isa, window);
  double largest = 0;
  // All tokens of short windows; of long ones, some of each group of rows.
  const std::size_t step = window.tokens < 100 ? 1 : 5;
  for (std::size_t token = 0; token < window.tokens; token += step) {
    const std::vector<double> expected = AttendSlowly(window, token);
    for (std::size_t index = 0; index < window.size; ++index) {
      const double error = std::abs(
          static_cast<double>(ToFloat(output[token * window.size + index])) - expected[index]);
      largest = error <= largest ? largest : error;
    }
  }
  return largest;
}

std::vector<Isa> BFloat16Isas() {
  std::vector<Isa> isas = SupportedIsas();
  std::erase_if(isas, [](Isa isa) { return !ComputesBFloat16(isa); });
  return isas;
}

std::string Describe(Isa isa, std::size_t tokens, std::size_t size) {
  return std::string(NameOf(isa)) + ", tokens: " + std::to_string(tokens) +
         ", head size: " + std::to_string(size);
}

/// Rounding v, and the result, and the weights to 8 bits: each at most 2^-9 of it, relatively.
/// Weights are rounded independently and divided by their own sum, so that |error| <=
/// 2 · 2^-9 · Σ w |v| for them, and 2^-9 |result| for the result. |v| < 5 here.
constexpr double kBFloat16Error = 3 * 5.0 / 512;

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
