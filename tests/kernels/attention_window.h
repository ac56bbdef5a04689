#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/attention.h"

namespace bertqa {

using Sizes = std::initializer_list<std::size_t>;

inline constexpr std::size_t kMargin = 3;  // values between rows that belong to somebody else

inline float ToFloat(float value) {
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
            .bias = bias ? &*bias : nullptr,
            .reach = reach};
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
  std::size_t reach = kWholeWindow;
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

/// softmax(scores) · V, in double precision; minus infinity is what is not seen.
template <typename T>
std::vector<double> WeighSlowly(Window<T>& window, std::vector<double> scores) {
  const double largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) {
    score = std::exp(score - largest);
    sum += score;
  }
  std::vector<double> result(window.size);
  for (std::size_t index = 0; index < window.size; ++index) {
    for (std::size_t other = 0; other < window.tokens; ++other) {
      result[index] +=
          scores[other] / sum * static_cast<double>(ToFloat(window.Value(other, index)));
    }
  }
  return result;
}

/// The definition, in double precision: softmax(q · Kᵀ / √D) · V of one token, over what it sees.
template <typename T>
std::vector<double> AttendSlowly(Window<T>& window, std::size_t token) {
  std::vector<double> weights(window.tokens);
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
    if (std::max(token, other) - std::min(token, other) > window.reach) {
      weights[other] = -std::numeric_limits<double>::infinity();
    }
  }
  return WeighSlowly(window, std::move(weights));
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

/// Rounding v, and the result, and the weights to 8 bits: each at most 2^-9 of it, relatively.
/// Weights are rounded independently and divided by their own sum, so that |error| <=
/// 2 · 2^-9 · Σ w |v| for them, and 2^-9 |result| for the result. |v| < 5 here.
inline constexpr double kBFloat16Error = 3 * 5.0 / 512;

inline std::vector<Isa> BFloat16Isas() {
  std::vector<Isa> isas = SupportedIsas();
  std::erase_if(isas, [](Isa isa) { return !ComputesBFloat16(isa); });
  return isas;
}

inline std::string Describe(Isa isa, std::size_t tokens, std::size_t size) {
  return std::string(NameOf(isa)) + ", tokens: " + std::to_string(tokens) +
         ", head size: " + std::to_string(size);
}

}  // namespace bertqa
