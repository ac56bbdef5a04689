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

/// The scores of kPanel tokens of which, if kIsPartial, only `count` exist.
template <std::size_t Rows, Purpose kPurpose, bool kIsPartial>
HWY_INLINE void FinishScores(const Vector (&scores)[Rows][2], std::size_t count,
                             const AttentionGroup& group, float* weights) {
  const auto is_left = hn::FirstN(kFloats, kIsPartial ? count : kLanes);
  const auto is_right =
      hn::FirstN(kFloats, kIsPartial ? (count > kLanes ? count - kLanes : 0) : kLanes);
  float* const sums = group.sums;
  const float* const shifts = group.shifts;
  for (std::size_t row = 0; row < Rows; ++row) {
    float* const place = sums + row * kAttentionMaxLanes;
    const Vector sum = hn::Load(kFloats, place);
    Vector left = scores[row][0];
    Vector right = scores[row][1];
    if constexpr (kPurpose == Purpose::kLargest) {
      if constexpr (kIsPartial) {
        const Vector lowest = hn::Set(kFloats, std::numeric_limits<float>::lowest());
        left = hn::IfThenElse(is_left, left, lowest);
        right = hn::IfThenElse(is_right, right, lowest);
      }
      hn::Store(hn::Max(sum, hn::Max(left, right)), kFloats, place);
    } else {
      left = Weigh<kPurpose>(left, shifts + row);
      right = Weigh<kPurpose>(right, shifts + row);
      if constexpr (kIsPartial) {
        left = hn::IfThenElseZero(is_left, left);
        right = hn::IfThenElseZero(is_right, right);
      }
      hn::Store(left, kFloats, weights + row * kPanel);
      hn::Store(right, kFloats, weights + row * kPanel + kLanes);
      hn::Store(hn::Add(sum, hn::Add(left, right)), kFloats, place);
    }
  }
}

/// What the sums of scores begin with: nothing, or a row's bias.
template <std::size_t Rows, bool kHasBias>
HWY_INLINE void BeginScores(const AttentionGroup& group, const AttentionTokens& tokens,
                            std::size_t token, Vector (&sums)[Rows][2]) {
  for (std::size_t row = 0; row < Rows; ++row) {
    if constexpr (kHasBias) {
      const float* const bias = tokens.bias + token - (group.first_row + row);
      sums[row][0] = hn::LoadU(kFloats, bias);
      sums[row][1] = hn::LoadU(kFloats, bias + kLanes);
    } else {
      sums[row][0] = hn::Zero(kFloats);
      sums[row][1] = hn::Zero(kFloats);
    }
  }
}

template <std::size_t Rows, Purpose kPurpose, bool kHasBias>
void Score(const AttentionGroup& group, const AttentionTokens& tokens) {
  const std::size_t count = tokens.count;
  for (std::size_t token = 0; token < count; token += kPanel) {
    Vector sums[Rows][2];
    BeginScores<Rows, kHasBias>(group, tokens, token, sums);
    MultiplyAddChunks<Rows>(group.queries, tokens.keys + token * tokens.head_size, tokens.head_size,
                            sums);
    float* const weights = tokens.weights + token * kRows;
    if (count - token >= kPanel) {
      FinishScores<Rows, kPurpose, false>(sums, kPanel, group, weights);
    } else {
      FinishScores<Rows, kPurpose, true>(sums, count - token, group, weights);
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

template <std::size_t Rows, bool kHasBias>
void AttendBlock(const AttentionGroup& group, const AttentionTokens& tokens) {
  if (group.is_bounded) {
    Score<Rows, Purpose::kBounded, kHasBias>(group, tokens);
  } else {
    Score<Rows, Purpose::kShifted, kHasBias>(group, tokens);
  }
  for (std::size_t column = 0; column < tokens.head_size; column += kPanel) {
    WeighColumns<Rows>(tokens, tokens.values + column / kPanel * tokens.value_panel_stride,
                       group.outputs + column * kRows);
  }
}

/// Calls the version for the group's rows.
template <bool kHasBias>
void FindLargest(const AttentionGroup& group, const AttentionTokens& tokens) {
  static constexpr auto kFunctions =
      TableByRows<kRows>([](auto rows) { return &Score<rows, Purpose::kLargest, kHasBias>; });
  kFunctions[group.rows - 1](group, tokens);
}

template <bool kHasBias>
void AttendTokens(const AttentionGroup& group, const AttentionTokens& tokens) {
  static constexpr auto kFunctions =
      TableByRows<kRows>([](auto rows) { return &AttendBlock<rows, kHasBias>; });
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
  const float factor = AttentionFactor(head.head_size);
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
          .find_largest = &FindLargest<false>,
          .attend = &AttendTokens<false>,
          .store = &Store,
          .find_largest_biased = &FindLargest<true>,
          .attend_biased = &AttendTokens<true>};
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
