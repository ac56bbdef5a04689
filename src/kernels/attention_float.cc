#include <algorithm>
#include <cstddef>
#include <limits>

#include "kernels/attention_layout.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_float.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/attention_pack-inl.h"
#include "kernels/attention_seen-inl.h"
#include "kernels/isa_table.h"
#include "kernels/rows_table.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

/// A panel is two vectors wide. With AVX-512 the registers would hold the sums of 14 rows, beside
/// two vectors of the panel and one value of the input; 10 were quicker on Sapphire Rapids, by a
/// tenth.
constexpr std::size_t kPanel = 2 * kLanes;
constexpr std::size_t kRows = HWY_TARGET <= HWY_AVX3 ? 10 : 6;
static_assert(kAttentionPanel % kPanel == 0);

/// sums += a column of the input (rows kPanel apart) · a row of the panel.
template <std::size_t Rows>
HWY_INLINE void MultiplyAddStep(const float* input, const float* panel, Vector (&sums)[Rows][2]) {
  const Vector left = hn::Load(kFloats, panel);
  const Vector right = hn::Load(kFloats, panel + kLanes);
  for (std::size_t row = 0; row < Rows; ++row) {
    const Vector value = hn::Set(kFloats, input[row * kPanel]);
    sums[row][0] = hn::MulAdd(value, left, sums[row][0]);
    sums[row][1] = hn::MulAdd(value, right, sums[row][1]);
  }
}

/// sums += input [Rows][depth] · panel [depth][kPanel], the input's rows kPanel apart.
template <std::size_t Rows>
HWY_INLINE void MultiplyAdd(const float* input, const float* panel, std::size_t depth,
                            Vector (&sums)[Rows][2]) {
  std::size_t index = 0;
  // Four at a time: processors foresee the end of eight rounds, but not that of 32.
  for (; index + 4 <= depth; index += 4) {
    MultiplyAddStep<Rows>(input + index, panel + index * kPanel, sums);
    MultiplyAddStep<Rows>(input + index + 1, panel + (index + 1) * kPanel, sums);
    MultiplyAddStep<Rows>(input + index + 2, panel + (index + 2) * kPanel, sums);
    MultiplyAddStep<Rows>(input + index + 3, panel + (index + 3) * kPanel, sums);
  }
  for (; index < depth; ++index) {
    MultiplyAddStep<Rows>(input + index, panel + index * kPanel, sums);
  }
}

/// The same over all chunks of the input's depth.
template <std::size_t Rows>
HWY_INLINE void MultiplyAddChunks(const float* input, const float* panel, std::size_t depth,
                                  Vector (&sums)[Rows][2]) {
  for (std::size_t begin = 0; begin < depth; begin += kPanel) {
    MultiplyAdd<Rows>(input + begin * kRows, panel + begin * kPanel,
                      std::min(kPanel, depth - begin), sums);
  }
}

/// What becomes of scores.
enum class Purpose {
  kLargest,  ///< sums[row] = the largest of each lane
  kBounded,  ///< weights = 2^score, added to sums
  kShifted,  ///< weights = 2^(score - shifts[row]), added to sums
};

template <Purpose kPurpose>
HWY_INLINE Vector Weigh(Vector score, const float* shift) {
  return kPurpose == Purpose::kShifted ? WeightExp2(hn::Sub(score, hn::Set(kFloats, *shift)))
                                       : BoundedExp2(score);
}

/// The scores of kPanel tokens.
template <std::size_t Rows, Purpose kPurpose, class Sees>
HWY_INLINE void FinishScores(const Vector (&scores)[Rows][2], const Sees& sees,
                             const AttentionGroup& group, float* weights) {
  float* const sums = group.sums;
  const float* const shifts = group.shifts;
  for (std::size_t row = 0; row < Rows; ++row) {
    float* const place = sums + row * kAttentionMaxLanes;
    const Vector sum = hn::Load(kFloats, place);
    Vector left = scores[row][0];
    Vector right = scores[row][1];
    if constexpr (kPurpose == Purpose::kLargest) {
      if constexpr (!Sees::kIsAll) {
        const Vector lowest = hn::Set(kFloats, std::numeric_limits<float>::lowest());
        left = hn::IfThenElse(sees.Lanes(row, 0), left, lowest);
        right = hn::IfThenElse(sees.Lanes(row, kLanes), right, lowest);
      }
      hn::Store(hn::Max(sum, hn::Max(left, right)), kFloats, place);
    } else {
      left = Weigh<kPurpose>(left, shifts + row);
      right = Weigh<kPurpose>(right, shifts + row);
      if constexpr (!Sees::kIsAll) {
        left = hn::IfThenElseZero(sees.Lanes(row, 0), left);
        right = hn::IfThenElseZero(sees.Lanes(row, kLanes), right);
      }
      hn::Store(left, kFloats, weights + row * kPanel);
      hn::Store(right, kFloats, weights + row * kPanel + kLanes);
      hn::Store(hn::Add(sum, hn::Add(left, right)), kFloats, place);
    }
  }
}

/// What is special about scores.
enum class Scores {
  kPlain,
  kBiased,  ///< their sums begin with AttentionTokens::bias
  kLocal,   ///< not all of them are seen
};

/// What the sums of scores begin with: nothing, or a row's bias.
template <std::size_t Rows, Scores kScores>
HWY_INLINE void BeginScores(const AttentionGroup& group, const AttentionTokens& tokens,
                            std::size_t token, Vector (&sums)[Rows][2]) {
  for (std::size_t row = 0; row < Rows; ++row) {
    if constexpr (kScores == Scores::kBiased) {
      const auto bias_row = static_cast<std::ptrdiff_t>(group.first_row + row - tokens.bias_row);
      const float* const bias = tokens.bias + bias_row * tokens.bias_step + token;
      sums[row][0] = hn::LoadU(kFloats, bias);
      sums[row][1] = hn::LoadU(kFloats, bias + kLanes);
    } else {
      sums[row][0] = hn::Zero(kFloats);
      sums[row][1] = hn::Zero(kFloats);
    }
  }
}

/// True if all rows see all tokens of the panel that begins at `token`.
template <std::size_t Rows, Scores kScores>
HWY_INLINE bool SeeAll(const AttentionTokens& tokens, std::size_t token) {
  const bool is_whole = tokens.count - token >= kPanel;
  if constexpr (kScores == Scores::kLocal) {
    constexpr auto kLast = static_cast<std::ptrdiff_t>(Rows - 1);
    const auto begin = static_cast<std::ptrdiff_t>(token);
    constexpr auto kSize = static_cast<std::ptrdiff_t>(kPanel);
    return is_whole && tokens.seen_begin + kLast <= begin && tokens.seen_end >= begin + kSize;
  } else {
    return is_whole;
  }
}

template <std::size_t Rows, Purpose kPurpose, Scores kScores>
void Score(const AttentionGroup& group, const AttentionTokens& tokens) {
  for (std::size_t token = 0; token < tokens.count; token += kPanel) {
    Vector sums[Rows][2];
    BeginScores<Rows, kScores>(group, tokens, token, sums);
    MultiplyAddChunks<Rows>(group.queries, tokens.keys + token * tokens.head_size, tokens.head_size,
                            sums);
    float* const weights = tokens.weights + token * kRows;
    const auto begin = static_cast<std::ptrdiff_t>(token);
    const std::ptrdiff_t left = static_cast<std::ptrdiff_t>(tokens.count) - begin;
    if (SeeAll<Rows, kScores>(tokens, token)) {
      FinishScores<Rows, kPurpose>(sums, SeesAll(), group, weights);
    } else if constexpr (kScores == Scores::kLocal) {
      FinishScores<Rows, kPurpose>(
          sums,
          SeesBand{
              .begin = tokens.seen_begin - begin, .end = tokens.seen_end - begin, .count = left},
          group, weights);
    } else {
      FinishScores<Rows, kPurpose>(sums, SeesFirst{.count = left}, group, weights);
    }
  }
}

/// outputs += weights · values, of one panel of columns.
template <std::size_t Rows>
void WeighColumns(const AttentionTokens& tokens, const float* values, float* outputs) {
  Vector sums[Rows][2];
  for (std::size_t row = 0; row < Rows; ++row) {
    sums[row][0] = hn::Load(kFloats, outputs + row * kPanel);
    sums[row][1] = hn::Load(kFloats, outputs + row * kPanel + kLanes);
  }
  MultiplyAddChunks<Rows>(tokens.weights, values, tokens.count, sums);
  for (std::size_t row = 0; row < Rows; ++row) {
    hn::Store(sums[row][0], kFloats, outputs + row * kPanel);
    hn::Store(sums[row][1], kFloats, outputs + row * kPanel + kLanes);
  }
}

template <std::size_t Rows, Scores kScores>
void AttendBlock(const AttentionGroup& group, const AttentionTokens& tokens) {
  if (group.is_bounded) {
    Score<Rows, Purpose::kBounded, kScores>(group, tokens);
  } else {
    Score<Rows, Purpose::kShifted, kScores>(group, tokens);
  }
  for (std::size_t column = 0; column < tokens.head_size; column += kPanel) {
    WeighColumns<Rows>(tokens, tokens.values + column / kPanel * tokens.value_panel_stride,
                       group.outputs + column * kRows);
  }
}

/// Calls the version for the group's rows.
template <Scores kScores>
void FindLargest(const AttentionGroup& group, const AttentionTokens& tokens) {
  static constexpr auto kFunctions =
      TableByRows<kRows>([](auto rows) { return &Score<rows, Purpose::kLargest, kScores>; });
  kFunctions[group.rows - 1](group, tokens);
}

template <Scores kScores>
void AttendTokens(const AttentionGroup& group, const AttentionTokens& tokens) {
  static constexpr auto kFunctions =
      TableByRows<kRows>([](auto rows) { return &AttendBlock<rows, kScores>; });
  kFunctions[group.rows - 1](group, tokens);
}

float PackKeys(const AttentionHead<float>& head, float* keys) {
  Vector largest = hn::Zero(kFloats);
  for (std::size_t token = 0; token < RoundUp(head.tokens, kPanel); token += kLanes) {
    const float* rows[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      // Past the end, the last one again: those scores are left out, whatever they are.
      rows[lane] = head.key + std::min(token + lane, head.tokens - 1) * head.stride;
    }
    float* const panel = keys + token / kPanel * kPanel * head.head_size + token % kPanel;
    largest = hn::Max(largest, PackColumns(rows, head.head_size, panel, kPanel));
  }
  return hn::GetLane(hn::MaxOfLanes(kFloats, largest));
}

/// A row of kPanel floats, zeros from `count` on.
void CopyRow(const float* values, std::size_t count, float* target) {
  if (count == kPanel) {
    for (std::size_t index = 0; index < kPanel; index += kLanes) {
      hn::Store(hn::LoadU(kFloats, values + index), kFloats, target + index);
    }
  } else {
    std::copy_n(values, count, target);
    std::fill(target + count, target + kPanel, 0.0F);
  }
}

void PackValues(const AttentionHead<float>& head, float* values) {
  const std::size_t padded_tokens = RoundUp(head.tokens, kAttentionPanel);
  for (std::size_t column = 0; column < head.head_size; column += kPanel) {
    const std::size_t columns = std::min(kPanel, head.head_size - column);
    const float* value = head.value + column;
    float* target = values + column * padded_tokens;
    for (std::size_t token = 0; token < head.tokens; ++token) {
      CopyRow(value, columns, target);
      value += head.stride;
      target += kPanel;
    }
  }
}

float LoadQueries(const AttentionHead<float>& head, const AttentionGroup& group) {
  const float factor = ScoreFactor(head.head_size, head.score_terms);
  float largest = 0;
  for (std::size_t row = 0; row < group.rows; ++row) {
    const float* const query = head.query + (group.first_row + row) * head.stride;
    float square = 0;
    for (std::size_t begin = 0; begin < head.head_size; begin += kPanel) {
      square += ScaleRow(query + begin, std::min(kPanel, head.head_size - begin), factor,
                         group.queries + begin * kRows + row * kPanel);
    }
    largest = std::max(largest, square);
  }
  return largest;
}

void Store(const AttentionHead<float>& head, const AttentionGroup& group) {
  for (std::size_t row = 0; row < group.rows; ++row) {
    const Vector sums = hn::Load(kFloats, group.sums + row * kAttentionMaxLanes);
    const float share = 1.0F / hn::GetLane(hn::SumOfLanes(kFloats, sums));
    float* const output = head.output + (group.first_row + row) * head.output_stride;
    for (std::size_t begin = 0; begin < head.head_size; begin += kPanel) {
      ScaleRow(group.outputs + begin * kRows + row * kPanel,
               std::min(kPanel, head.head_size - begin), share, output + begin);
    }
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
AttentionKernel<float> GetAttention() {
  return {.max_rows = kRows,
          .panel = kPanel,
          .pack_keys = &PackKeys,
          .pack_values = &PackValues,
          .load_queries = &LoadQueries,
          .find_largest = &FindLargest<Scores::kPlain>,
          .attend = &AttendTokens<Scores::kPlain>,
          .store = &Store,
          .find_largest_biased = &FindLargest<Scores::kBiased>,
          .attend_biased = &AttendTokens<Scores::kBiased>,
          .find_largest_local = &FindLargest<Scores::kLocal>,
          .attend_local = &AttendTokens<Scores::kLocal>};
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {

HWY_EXPORT(GetAttention);

const AttentionKernel<float>& FloatAttention(Isa isa) {
  static const IsaTable<AttentionKernel<float>> table(
      [] { return HWY_DYNAMIC_DISPATCH(GetAttention)(); });
  return table.For(isa);
}

}  // namespace bertqa

#endif  // HWY_ONCE
