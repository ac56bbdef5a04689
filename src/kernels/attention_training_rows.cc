#include "kernels/attention_training_rows.h"

#include <cmath>

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_training_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/dropout-inl.h"
#include "kernels/isa_table.h"
#include "kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

constexpr float kLn2 = 0.69314718F;

HWY_INLINE void StoreAs(Vector values, float* output, std::size_t count) {
  StoreFirst(values, output, count);
}
HWY_INLINE void StoreAs(Vector values, BFloat16* output, std::size_t count) {
  StoreNarrow(values, output, count);
}

/// Of the first `count` values; the others are 0.
HWY_INLINE Vector Masked(Vector values, std::size_t count) {
  return count >= kLanes ? values : hn::IfThenElseZero(hn::FirstN(kFloats, count), values);
}

HWY_INLINE float LargestOf(const float* scores, std::size_t count) {
  Vector largest = hn::Set(kFloats, scores[0]);
  std::size_t index = 0;
  for (; index + kLanes <= count; index += kLanes) {
    largest = hn::Max(largest, hn::LoadU(kFloats, scores + index));
  }
  float result = hn::GetLane(hn::MaxOfLanes(kFloats, largest));
  for (; index < count; ++index) {
    result = scores[index] > result ? scores[index] : result;
  }
  return result;
}

/// scores = 2^(scale · score - shift), in place. Returns their sum.
HWY_INLINE float Raise(float* scores, std::size_t count, Vector scale, Vector shift) {
  Vector sum = hn::Zero(kFloats);
  for (std::size_t index = 0; index < count; index += kLanes) {
    const std::size_t left = count - index;
    const Vector weight = WeightExp2(hn::MulSub(LoadFirst(scores + index, left), scale, shift));
    StoreFirst(weight, scores + index, left);
    sum = hn::Add(sum, Masked(weight, left));
  }
  return hn::GetLane(hn::SumOfLanes(kFloats, sum));
}

template <typename T>
float Weigh(float* scores, std::size_t count, const WeightRule& rule, std::uint32_t first_index,
            T* weights) {
  const float largest = LargestOf(scores, count) * rule.scale;
  const float sum = Raise(scores, count, hn::Set(kFloats, rule.scale), hn::Set(kFloats, largest));
  const Vector inverse = hn::Set(kFloats, 1 / sum);
  for (std::size_t index = 0; index < count; index += kLanes) {
    const std::size_t left = count - index;
    Vector weight = hn::Mul(LoadFirst(scores + index, left), inverse);
    if (rule.dropout.threshold != 0) {
      weight = hn::Mul(
          weight, DropoutFactors(first_index + static_cast<std::uint32_t>(index), rule.dropout));
    }
    StoreAs(weight, weights + index, left);
  }
  return largest + std::log2(sum);
}

template <typename T>
void Differentiate(const ScoreRow& row, const WeightRule& rule, T* weights, T* gradients) {
  const Vector scale = hn::Set(kFloats, rule.scale);
  // The rule's scale has log2(e) in it, the derivative has not.
  const Vector plain_scale = hn::Set(kFloats, rule.scale * kLn2);
  const Vector shift = hn::Set(kFloats, row.log_sum);
  const Vector delta = hn::Set(kFloats, row.delta);
  for (std::size_t index = 0; index < row.count; index += kLanes) {
    const std::size_t left = row.count - index;
    const Vector weight = WeightExp2(hn::MulSub(LoadFirst(row.scores + index, left), scale, shift));
    Vector dropped = weight;
    Vector gradient = LoadFirst(row.weight_gradients + index, left);
    if (rule.dropout.threshold != 0) {
      const Vector factors =
          DropoutFactors(row.first_index + static_cast<std::uint32_t>(index), rule.dropout);
      dropped = hn::Mul(weight, factors);
      gradient = hn::Mul(gradient, factors);
    }
    StoreAs(dropped, weights + index, left);
    StoreAs(hn::Mul(hn::Mul(weight, plain_scale), hn::Sub(gradient, delta)), gradients + index,
            left);
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
AttentionTrainingRows GetAttentionTrainingRows() {
  AttentionTrainingRows rows;
  rows.weigh_floats = &Weigh<float>;
  rows.weigh_halves = &Weigh<BFloat16>;
  rows.differentiate_floats = &Differentiate<float>;
  rows.differentiate_halves = &Differentiate<BFloat16>;
  return rows;
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {

HWY_EXPORT(GetAttentionTrainingRows);

const AttentionTrainingRows& AttentionTrainingRowsOf(Isa isa) {
  static const IsaTable<AttentionTrainingRows> table(
      [] { return HWY_DYNAMIC_DISPATCH(GetAttentionTrainingRows)(); });
  return table.For(isa);
}

}  // namespace bertqa

#endif  // HWY_ONCE
