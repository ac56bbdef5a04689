#if defined(__x86_64__)

#include <atomic>

#include "kernels/attention_bfloat16-inl.h"
#include "kernels/tile_configuration.h"

namespace bertqa {
namespace {

// 16 rows of 64 bytes a tile register. All registers are whole: rows past a group's last are
// computed and never stored.
constexpr std::size_t kTileRows = 32;  // two registers
constexpr std::size_t kTileBytes = 64;
constexpr std::size_t kPanelBytes = kPanel * sizeof(float);

BERTQA_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16")

void BeginTiles() {
  LoadTileConfiguration({});
}

void EndTiles() {
  _tile_release();
}

/// GCC 12's intrinsics do not tell the compiler that they read memory.
inline void FinishStores() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
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
template <Purpose kPurpose, bool kIsLocal>
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
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      if (token + kPanel < tokens.count) {
        ScoreQuarter(group.queries, tokens.keys + (token + kPanel) * elements, elements, quarter,
                     next);
      }
      for (std::size_t row = quarter * 8; row < std::min(rows, quarter * 8 + 8); ++row) {
        FinishScores<kPurpose>(_mm512_load_ps(panel + row * kPanel),
                               _mm512_load_ps(panel + row * kPanel + kLanes),
                               SeenTokens<kIsLocal>(tokens, token, row), factor, group.shifts + row,
                               weights + row * kElements, sums + row * kAttentionMaxLanes);
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

template <bool kIsLocal>
void FindLargestWithTiles(const AttentionGroup& group, const AttentionTokens& tokens) {
  ScoreTiles<Purpose::kLargest, kIsLocal>(group, tokens);
}

template <bool kIsLocal>
void AttendWithTiles(const AttentionGroup& group, const AttentionTokens& tokens) {
  if (group.is_bounded) {
    ScoreTiles<Purpose::kBounded, kIsLocal>(group, tokens);
  } else {
    ScoreTiles<Purpose::kShifted, kIsLocal>(group, tokens);
  }
  for (std::size_t column = 0; column < tokens.head_size; column += kPanel) {
    WeighColumns(tokens.weights, tokens.values + column / kPanel * tokens.value_panel_stride,
                 RoundUp(tokens.count, kDepth) / 2, group.outputs + column * kTileRows);
  }
}

BERTQA_TARGET_END

}  // namespace

const AttentionKernel<BFloat16>& AmxAttention() {
  static constexpr AttentionKernel<BFloat16> kKernel = {
      .max_rows = kTileRows,
      .row_step = kTileRows,
      .depth_step = kDepth,
      .pack_keys = &PackBFloat16Keys,
      .pack_values = &PackBFloat16Values,
      .load_queries = &LoadQueries<kTileRows>,
      .find_largest = &FindLargestWithTiles<false>,
      .attend = &AttendWithTiles<false>,
      .store = &Store<kTileRows>,
      .begin = &BeginTiles,
      .end = &EndTiles,
      .find_largest_local = &FindLargestWithTiles<true>,
      .attend_local = &AttendWithTiles<true>};
  return kKernel;
}

}  // namespace bertqa

#endif
