#pragma once

// What attention in bfloat16 does with vectors, whether its products are computed with vectors
// (attention_bfloat16.cc) or with AMX's tiles (attention_amx.cc). x86-64 only.

#include <immintrin.h>
#if !defined(__clang__)
// False alarms in GCC 12's own header (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include <algorithm>
#include <cstddef>

#include "kernels/attention_layout.h"
#include "kernels/target_region.h"

namespace bertqa {

/// attention_bfloat16_pack.cc; see AttentionKernel.
float PackBFloat16Keys(const AttentionHead<BFloat16>& head, float* keys);
void PackBFloat16Values(const AttentionHead<BFloat16>& head, float* values);

/// attention_amx.cc. REQUIRES: AMX.
const AttentionKernel<BFloat16>& AmxAttention();

namespace {

constexpr std::size_t kPanel = kAttentionPanel;
constexpr std::size_t kLanes = 16;
/// Depth of a chunk of the left factor: a row of it is a vector, and a row of a tile register.
constexpr std::size_t kDepth = 32;
constexpr std::size_t kElements = kDepth / 2;  // of 2 values

BERTQA_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")

/// The lowest `count` of 32 bits.
inline __mmask32 First32(std::size_t count) {
  return count >= 32 ? 0xFFFFFFFFU : (1U << count) - 1U;
}

/// Those of 32 tokens that are before the one at `end`, wherever that is.
inline __mmask32 TokensBefore(std::ptrdiff_t end) {
  return First32(static_cast<std::size_t>(std::max<std::ptrdiff_t>(end, 0)));
}

/// Those of the 32 tokens from the block's `token` on that a row of the group sees.
template <bool kIsLocal>
inline __mmask32 SeenTokens(const AttentionTokens& tokens, std::size_t token, std::size_t row) {
  const __mmask32 exist = First32(tokens.count - token);
  if constexpr (kIsLocal) {
    const auto shift = static_cast<std::ptrdiff_t>(row) - static_cast<std::ptrdiff_t>(token);
    return exist & TokensBefore(tokens.seen_end + shift) & ~TokensBefore(tokens.seen_begin + shift);
  } else {
    return exist;
  }
}

/// 32 values of a row, zeros from `count` on.
inline __m512i LoadRow(const BFloat16* values, std::size_t count) {
  return _mm512_maskz_loadu_epi16(First32(count), values);
}

/// Unscaled: rounding the scaled queries again would cost accuracy.
template <std::size_t kRows>
float LoadQueries(const AttentionHead<BFloat16>& head, const AttentionGroup& group) {
  float largest = 0;
  for (std::size_t row = 0; row < group.rows; ++row) {
    const BFloat16* const query = head.query + (group.first_row + row) * head.stride;
    __m512 squares = _mm512_setzero_ps();
    for (std::size_t depth = 0; depth < head.head_size; depth += kDepth) {
      const __m512i values = LoadRow(query + depth, head.head_size - depth);
      squares = _mm512_dpbf16_ps(squares, (__m512bh)values, (__m512bh)values);
      _mm512_store_si512(group.queries + depth / 2 * kRows + row * kElements, values);
    }
    largest = std::max(largest, _mm512_reduce_add_ps(squares));
  }
  const float factor = AttentionFactor(head.head_size);
  return largest * factor * factor;
}

template <std::size_t kRows>
void Store(const AttentionHead<BFloat16>& head, const AttentionGroup& group) {
  for (std::size_t row = 0; row < group.rows; ++row) {
    const __m512 sums = _mm512_load_ps(group.sums + row * kAttentionMaxLanes);
    const __m512 share = _mm512_set1_ps(1.0F / _mm512_reduce_add_ps(sums));
    BFloat16* const output = head.output + (group.first_row + row) * head.output_stride;
    for (std::size_t column = 0; column < head.head_size; column += kPanel) {
      const float* const sum = group.outputs + column * kRows + row * kPanel;
      const __m512 left = _mm512_mul_ps(_mm512_load_ps(sum), share);
      const __m512 right = _mm512_mul_ps(_mm512_load_ps(sum + kLanes), share);
      _mm512_mask_storeu_epi16(output + column, First32(head.head_size - column),
                               (__m512i)_mm512_cvtne2ps_pbh(right, left));
    }
  }
}

/// 2^x, to 7.5e-5: a twenty-fifth of what rounding to bfloat16 costs. The minimax polynomial of
/// degree 3 on [0, 1].
inline __m512 RoughExp2(__m512 x) {
  const __m512 rest = _mm512_reduce_ps(x, 0x01);  // x - floor(x)
  __m512 value =
      _mm512_fmadd_ps(_mm512_set1_ps(7.80245226e-2F), rest, _mm512_set1_ps(2.26067155e-1F));
  value = _mm512_fmadd_ps(value, rest, _mm512_set1_ps(6.9583354e-1F));
  value = _mm512_fmadd_ps(value, rest, _mm512_set1_ps(9.99925219e-1F));
  return _mm512_scalef_ps(value, x);  // · 2^floor(x)
}

/// What becomes of scores.
enum class Purpose {
  kLargest,  ///< sums = the largest of each lane
  kBounded,  ///< weights = 2^score, added to sums
  kShifted,  ///< weights = 2^(score - shift), added to sums
};

template <Purpose kPurpose>
inline __m512 Weigh(__m512 score, __m512 factor, const float* shift) {
  if constexpr (kPurpose == Purpose::kShifted) {
    const __m512 x = _mm512_fmsub_ps(score, factor, _mm512_set1_ps(*shift));
    // Processors are slow with subnormal numbers.
    return RoughExp2(_mm512_max_ps(x, _mm512_set1_ps(-96.0F)));
  } else {
    return RoughExp2(_mm512_mul_ps(score, factor));
  }
}

/// The scores of 32 tokens of a row, of which those in `tokens` exist.
template <Purpose kPurpose>
inline void FinishScores(__m512 left, __m512 right, __mmask32 tokens, __m512 factor,
                         const float* shift, float* weights, float* sums) {
  if constexpr (kPurpose == Purpose::kLargest) {
    __m512 largest = _mm512_load_ps(sums);
    largest = _mm512_mask_max_ps(largest, static_cast<__mmask16>(tokens & 0xFFFFU), largest,
                                 _mm512_mul_ps(left, factor));
    largest = _mm512_mask_max_ps(largest, static_cast<__mmask16>(tokens >> 16U), largest,
                                 _mm512_mul_ps(right, factor));
    _mm512_store_ps(sums, largest);
  } else {
    const __m512bh rounded = _mm512_maskz_cvtne2ps_pbh(
        tokens, Weigh<kPurpose>(right, factor, shift), Weigh<kPurpose>(left, factor, shift));
    _mm512_store_si512(weights, (__m512i)rounded);
    const auto ones = (__m512bh)_mm512_set1_epi32(0x3F803F80);
    _mm512_store_ps(sums, _mm512_dpbf16_ps(_mm512_load_ps(sums), rounded, ones));
  }
}

BERTQA_TARGET_END

}  // namespace
}  // namespace bertqa
