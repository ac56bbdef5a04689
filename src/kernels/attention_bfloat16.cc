#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "kernels/attention_layout.h"
#include "kernels/target_region.h"

#if defined(__x86_64__)
#include <immintrin.h>
#if !defined(__clang__)
// False alarms in GCC 12's own header (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#endif

namespace bertqa {

#if defined(__x86_64__)

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

/// 32 values of a row, zeros from `count` on.
inline __m512i LoadRow(const BFloat16* values, std::size_t count) {
  return _mm512_maskz_loadu_epi16(First32(count), values);
}

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

// --- With vectors: like attention_float.cc, an element being 2 values ---

constexpr std::size_t kVectorRows = 14;

inline __m512bh TwoValues(const float* place) {
  std::int32_t bits = 0;
  std::memcpy(&bits, place, sizeof bits);
  return (__m512bh)_mm512_set1_epi32(bits);
}

/// sums += input [Rows][elements] · panel [elements][32].
template <std::size_t Rows>
inline __attribute__((always_inline)) void MultiplyAdd(const float* input, const float* panel,
                                                       std::size_t elements,
                                                       __m512 (&sums)[Rows][2]) {
  for (std::size_t begin = 0; begin < elements; begin += kElements) {
    const float* const chunk = input + begin * kVectorRows;
    for (std::size_t index = 0; index < kElements; ++index) {
      const float* const place = panel + (begin + index) * kPanel;
      const auto left = (__m512bh)_mm512_load_si512(place);
      const auto right = (__m512bh)_mm512_load_si512(place + kLanes);
      for (std::size_t row = 0; row < Rows; ++row) {
        const __m512bh values = TwoValues(chunk + row * kElements + index);
        sums[row][0] = _mm512_dpbf16_ps(sums[row][0], values, left);
        sums[row][1] = _mm512_dpbf16_ps(sums[row][1], values, right);
      }
    }
  }
}

template <std::size_t Rows, Purpose kPurpose>
void Score(const AttentionGroup& group, const AttentionTokens& tokens) {
  const __m512 factor = _mm512_set1_ps(AttentionFactor(tokens.head_size));
  const std::size_t elements = RoundUp(tokens.head_size, kDepth) / 2;
  float* const row_sums = group.sums;
  const float* const shifts = group.shifts;
  for (std::size_t token = 0; token < tokens.count; token += kPanel) {
    __m512 sums[Rows][2];
    for (auto& row : sums) {
      row[0] = _mm512_setzero_ps();
      row[1] = _mm512_setzero_ps();
    }
    MultiplyAdd<Rows>(group.queries, tokens.keys + token * elements, elements, sums);
    float* const weights = tokens.weights + token / kPanel * kVectorRows * kElements;
    const __mmask32 exist = First32(tokens.count - token);
    for (std::size_t row = 0; row < Rows; ++row) {
      FinishScores<kPurpose>(sums[row][0], sums[row][1], exist, factor, shifts + row,
                             weights + row * kElements, row_sums + row * kAttentionMaxLanes);
    }
  }
}

template <std::size_t Rows>
void AttendBlock(const AttentionGroup& group, const AttentionTokens& tokens) {
  if (group.is_bounded) {
    Score<Rows, Purpose::kBounded>(group, tokens);
  } else {
    Score<Rows, Purpose::kShifted>(group, tokens);
  }
  const std::size_t elements = RoundUp(tokens.count, kDepth) / 2;
  for (std::size_t column = 0; column < tokens.head_size; column += kPanel) {
    float* const outputs = group.outputs + column * kVectorRows;
    __m512 sums[Rows][2];
    for (std::size_t row = 0; row < Rows; ++row) {
      sums[row][0] = _mm512_load_ps(outputs + row * kPanel);
      sums[row][1] = _mm512_load_ps(outputs + row * kPanel + kLanes);
    }
    MultiplyAdd<Rows>(tokens.weights, tokens.values + column / kPanel * tokens.value_panel_stride,
                      elements, sums);
    for (std::size_t row = 0; row < Rows; ++row) {
      _mm512_store_ps(outputs + row * kPanel, sums[row][0]);
      _mm512_store_ps(outputs + row * kPanel + kLanes, sums[row][1]);
    }
  }
}

/// Calls the version for the group's rows.
void FindLargest(const AttentionGroup& group, const AttentionTokens& tokens) {
  static constexpr auto kFunctions = []<std::size_t... Index>(std::index_sequence<Index...>) {
    return std::array{&Score<Index + 1, Purpose::kLargest>...};
  }(std::make_index_sequence<kVectorRows>());
  kFunctions[group.rows - 1](group, tokens);
}

void AttendTokens(const AttentionGroup& group, const AttentionTokens& tokens) {
  static constexpr auto kFunctions = []<std::size_t... Index>(std::index_sequence<Index...>) {
    return std::array{&AttendBlock<Index + 1>...};
  }(std::make_index_sequence<kVectorRows>());
  kFunctions[group.rows - 1](group, tokens);
}

BERTQA_TARGET_END

// --- With AMX: 16 rows of 64 bytes a tile register ---

constexpr std::size_t kTileRows = 32;  // two registers
constexpr std::size_t kTileBytes = 64;
constexpr std::size_t kPanelBytes = kPanel * sizeof(float);

/// Intel's manual, volume 2A, LDTILECFG. All registers whole: rows past a group's last are computed
/// and never stored.
struct TileConfiguration {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved = {};
  std::array<std::uint16_t, 16> row_bytes = {64, 64, 64, 64, 64, 64, 64, 64};
  std::array<std::uint8_t, 16> rows = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfiguration) == 64);

BERTQA_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16")

void BeginTiles() {
  static constexpr TileConfiguration kConfiguration;
  _tile_loadconfig(&kConfiguration);
}

/// GCC 12's intrinsics do not tell the compiler that they read memory.
inline void FinishStores() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void EndTiles() {
  _tile_release();
}

/// 16 × 16 of the scores of 32 rows and a panel of 32 tokens: quarter 0 to 3.
inline void ScoreQuarter(const float* queries, const float* keys, std::size_t elements,
                         std::size_t quarter, float* scores) {
  const std::size_t row = quarter / 2 * 16;
  const std::size_t token = quarter % 2 * 16;
  FinishStores();
  _tile_zero(0);
  for (std::size_t begin = 0; begin < elements; begin += kElements) {
    _tile_loadd(4, queries + begin * kTileRows + row * kElements, kTileBytes);
    _tile_loadd(6, keys + begin * kPanel + token, kPanelBytes);
    _tile_dpbf16ps(0, 4, 6);
  }
  _tile_stored(0, scores + row * kPanel + token, kPanelBytes);
}

/// The tiles work on the scores of a panel while the vectors work on those of the panel before: a
/// quarter at a time, so that both are within what the processor looks ahead.
template <Purpose kPurpose>
void ScoreTiles(const AttentionGroup& group, const AttentionTokens& tokens) {
  alignas(64) float scores[2][kTileRows * kPanel];
  const __m512 factor = _mm512_set1_ps(AttentionFactor(tokens.head_size));
  const std::size_t elements = RoundUp(tokens.head_size, kDepth) / 2;
  const std::size_t rows = group.rows;
  float* const sums = group.sums;
  for (std::size_t quarter = 0; quarter < 4; ++quarter) {
    ScoreQuarter(group.queries, tokens.keys, elements, quarter, scores[0]);
  }
  for (std::size_t token = 0; token < tokens.count; token += kPanel) {
    const float* const panel = scores[token / kPanel % 2];
    float* const next = scores[(token / kPanel + 1) % 2];
    float* const weights = tokens.weights + token / kPanel * kTileRows * kElements;
    const __mmask32 exist = First32(tokens.count - token);
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      if (token + kPanel < tokens.count) {
        ScoreQuarter(group.queries, tokens.keys + (token + kPanel) * elements, elements, quarter,
                     next);
      }
      for (std::size_t row = quarter * 8; row < std::min(rows, quarter * 8 + 8); ++row) {
        FinishScores<kPurpose>(_mm512_load_ps(panel + row * kPanel),
                               _mm512_load_ps(panel + row * kPanel + kLanes), exist, factor,
                               group.shifts + row, weights + row * kElements,
                               sums + row * kAttentionMaxLanes);
      }
    }
  }
}

/// outputs [32][32] += weights · a panel of columns of V. Registers as above.
inline void WeighColumns(const float* weights, const float* values, std::size_t elements,
                         float* outputs) {
  FinishStores();
  _tile_loadd(0, outputs, kPanelBytes);
  _tile_loadd(1, outputs + kLanes, kPanelBytes);
  _tile_loadd(2, outputs + 16 * kPanel, kPanelBytes);
  _tile_loadd(3, outputs + 16 * kPanel + kLanes, kPanelBytes);
  for (std::size_t begin = 0; begin < elements; begin += kElements) {
    const float* const chunk = weights + begin * kTileRows;
    _tile_loadd(4, chunk, kTileBytes);
    _tile_loadd(6, values + begin * kPanel, kPanelBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, values + begin * kPanel + kLanes, kPanelBytes);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, chunk + 16 * kElements, kTileBytes);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, outputs, kPanelBytes);
  _tile_stored(1, outputs + kLanes, kPanelBytes);
  _tile_stored(2, outputs + 16 * kPanel, kPanelBytes);
  _tile_stored(3, outputs + 16 * kPanel + kLanes, kPanelBytes);
}

void FindLargestWithTiles(const AttentionGroup& group, const AttentionTokens& tokens) {
  ScoreTiles<Purpose::kLargest>(group, tokens);
}

void AttendWithTiles(const AttentionGroup& group, const AttentionTokens& tokens) {
  if (group.is_bounded) {
    ScoreTiles<Purpose::kBounded>(group, tokens);
  } else {
    ScoreTiles<Purpose::kShifted>(group, tokens);
  }
  for (std::size_t column = 0; column < tokens.head_size; column += kPanel) {
    WeighColumns(tokens.weights, tokens.values + column / kPanel * tokens.value_panel_stride,
                 RoundUp(tokens.count, kDepth) / 2, group.outputs + column * kTileRows);
  }
}

BERTQA_TARGET_END

}  // namespace

const AttentionKernel<BFloat16>& BFloat16Attention(Isa isa) {
  static constexpr AttentionKernel<BFloat16> kVectors = {.max_rows = kVectorRows,
                                                         .depth_step = kDepth,
                                                         .pack_keys = &PackKeys,
                                                         .pack_values = &PackValues,
                                                         .load_queries = &LoadQueries<kVectorRows>,
                                                         .find_largest = &FindLargest,
                                                         .attend = &AttendTokens,
                                                         .store = &Store<kVectorRows>};
  static constexpr AttentionKernel<BFloat16> kTiles = {.max_rows = kTileRows,
                                                       .row_step = kTileRows,
                                                       .depth_step = kDepth,
                                                       .pack_keys = &PackKeys,
                                                       .pack_values = &PackValues,
                                                       .load_queries = &LoadQueries<kTileRows>,
                                                       .find_largest = &FindLargestWithTiles,
                                                       .attend = &AttendWithTiles,
                                                       .store = &Store<kTileRows>,
                                                       .begin = &BeginTiles,
                                                       .end = &EndTiles};
  return isa == Isa::kAmx ? kTiles : kVectors;
}

#else

const AttentionKernel<BFloat16>& BFloat16Attention(Isa /*isa*/) {
  static constexpr AttentionKernel<BFloat16> kNone = {};
  return kNone;
}

#endif

}  // namespace bertqa
