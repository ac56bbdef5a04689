#if defined(__x86_64__)

#include "kernels/attention_bfloat16-inl.h"

namespace bertqa {
namespace {

BERTQA_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")

/// rows[i] becomes column i of a 16 × 16 matrix of elements.
inline void Transpose(__m512i (&rows)[16]) {
  __m512i pairs[16];
  for (std::size_t row = 0; row < 16; row += 2) {
    pairs[row] = _mm512_unpacklo_epi32(rows[row], rows[row + 1]);
    pairs[row + 1] = _mm512_unpackhi_epi32(rows[row], rows[row + 1]);
  }
  // fours[4 r + c]: in each quarter q, elements 4 q + c of the rows 4 r to 4 r + 3.
  __m512i fours[16];
  for (std::size_t row = 0; row < 16; row += 4) {
    fours[row] = _mm512_unpacklo_epi64(pairs[row], pairs[row + 2]);
    fours[row + 1] = _mm512_unpackhi_epi64(pairs[row], pairs[row + 2]);
    fours[row + 2] = _mm512_unpacklo_epi64(pairs[row + 1], pairs[row + 3]);
    fours[row + 3] = _mm512_unpackhi_epi64(pairs[row + 1], pairs[row + 3]);
  }
  for (std::size_t index = 0; index < 4; ++index) {
    const __m512i a = _mm512_shuffle_i32x4(fours[index], fours[index + 4], 0x44);
    const __m512i b = _mm512_shuffle_i32x4(fours[index], fours[index + 4], 0xEE);
    const __m512i c = _mm512_shuffle_i32x4(fours[index + 8], fours[index + 12], 0x44);
    const __m512i d = _mm512_shuffle_i32x4(fours[index + 8], fours[index + 12], 0xEE);
    rows[index] = _mm512_shuffle_i32x4(a, c, 0x88);
    rows[index + 4] = _mm512_shuffle_i32x4(a, c, 0xDD);
    rows[index + 8] = _mm512_shuffle_i32x4(b, d, 0x88);
    rows[index + 12] = _mm512_shuffle_i32x4(b, d, 0xDD);
  }
}

/// 16 tokens and 32 values of depth into a panel. Returns the sums of the tokens' squares.
inline __m512 PackKeyTile(const AttentionHead<BFloat16>& head, std::size_t token, std::size_t depth,
                          float* target) {
  __m512i rows[16];
  for (std::size_t row = 0; row < 16; ++row) {
    // Past the end, the last one again: those scores are left out, whatever they are.
    rows[row] = LoadRow(head.key + std::min(token + row, head.tokens - 1) * head.stride + depth,
                        head.head_size - depth);
  }
  Transpose(rows);
  __m512 squares = _mm512_setzero_ps();
  for (std::size_t row = 0; row < 16; ++row) {
    _mm512_store_si512(target + row * kPanel, rows[row]);
    squares = _mm512_dpbf16_ps(squares, (__m512bh)rows[row], (__m512bh)rows[row]);
  }
  return squares;
}

float PackKeys(const AttentionHead<BFloat16>& head, float* keys) {
  const std::size_t elements = RoundUp(head.head_size, kDepth) / 2;
  __m512 largest = _mm512_setzero_ps();
  for (std::size_t token = 0; token < RoundUp(head.tokens, kPanel); token += kLanes) {
    float* const panel = keys + token / kPanel * kPanel * elements + token % kPanel;
    __m512 squares = _mm512_setzero_ps();
    for (std::size_t depth = 0; depth < head.head_size; depth += kDepth) {
      squares = _mm512_add_ps(squares, PackKeyTile(head, token, depth, panel + depth / 2 * kPanel));
    }
    largest = _mm512_max_ps(largest, squares);
  }
  return _mm512_reduce_max_ps(largest);
}

/// Two rows, value by value.
inline void StorePair(__m512i upper, __m512i lower, float* target) {
  const __m512i left = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(upper));
  const __m512i left_lower = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(lower));
  const __m512i right = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(upper, 1));
  const __m512i right_lower = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(lower, 1));
  _mm512_store_si512(target, _mm512_or_si512(left, _mm512_slli_epi32(left_lower, 16)));
  _mm512_store_si512(target + kLanes, _mm512_or_si512(right, _mm512_slli_epi32(right_lower, 16)));
}

/// Tokens past the last are zero.
void PackValues(const AttentionHead<BFloat16>& head, float* values) {
  const std::size_t padded_tokens = RoundUp(head.tokens, kPanel);
  for (std::size_t column = 0; column < head.head_size; column += kPanel) {
    const std::size_t columns = head.head_size - column;
    float* const panel = values + column * (padded_tokens / 2);
    for (std::size_t token = 0; token < padded_tokens; token += 2) {
      const BFloat16* const value = head.value + token * head.stride + column;
      const __m512i zero = _mm512_setzero_si512();
      const __m512i first = token < head.tokens ? LoadRow(value, columns) : zero;
      const __m512i second = token + 1 < head.tokens ? LoadRow(value + head.stride, columns) : zero;
      StorePair(first, second, panel + token / 2 * kPanel);
    }
  }
}

BERTQA_TARGET_END

}  // namespace

float PackBFloat16Keys(const AttentionHead<BFloat16>& head, float* keys) {
  return PackKeys(head, keys);
}

void PackBFloat16Values(const AttentionHead<BFloat16>& head, float* values) {
  PackValues(head, values);
}

}  // namespace bertqa

#endif
