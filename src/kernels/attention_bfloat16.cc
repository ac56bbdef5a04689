#include "kernels/attention_layout.h"

#if defined(__x86_64__)

#include <cstdint>
#include <cstring>

#include "kernels/attention_bfloat16-inl.h"
#include "kernels/rows_table.h"

namespace bertqa {
namespace {

BERTQA_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")

// Like attention_float.cc, an element being 2 values.

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

template <std::size_t Rows, Purpose kPurpose, bool kIsLocal>
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
    for (std::size_t row = 0; row < Rows; ++row) {
      FinishScores<kPurpose>(sums[row][0], sums[row][1], SeenTokens<kIsLocal>(tokens, token, row),
                             factor, shifts + row, weights + row * kElements,
                             row_sums + row * kAttentionMaxLanes);
    }
  }
}

template <std::size_t Rows, bool kIsLocal>
void AttendBlock(const AttentionGroup& group, const AttentionTokens& tokens) {
  if (group.is_bounded) {
    Score<Rows, Purpose::kBounded, kIsLocal>(group, tokens);
  } else {
    Score<Rows, Purpose::kShifted, kIsLocal>(group, tokens);
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
template <bool kIsLocal>
void FindLargest(const AttentionGroup& group, const AttentionTokens& tokens) {
  static constexpr auto kFunctions =
      TableByRows<kVectorRows>([](auto rows) { return &Score<rows, Purpose::kLargest, kIsLocal>; });
  kFunctions[group.rows - 1](group, tokens);
}

template <bool kIsLocal>
void AttendTokens(const AttentionGroup& group, const AttentionTokens& tokens) {
  static constexpr auto kFunctions =
      TableByRows<kVectorRows>([](auto rows) { return &AttendBlock<rows, kIsLocal>; });
  kFunctions[group.rows - 1](group, tokens);
}

BERTQA_TARGET_END

}  // namespace

const AttentionKernel<BFloat16>& BFloat16Attention(Isa isa) {
  static constexpr AttentionKernel<BFloat16> kKernel = {.max_rows = kVectorRows,
                                                        .depth_step = kDepth,
                                                        .pack_keys = &PackBFloat16Keys,
                                                        .pack_values = &PackBFloat16Values,
                                                        .load_queries = &LoadQueries<kVectorRows>,
                                                        .find_largest = &FindLargest<false>,
                                                        .attend = &AttendTokens<false>,
                                                        .store = &Store<kVectorRows>,
                                                        .find_largest_local = &FindLargest<true>,
                                                        .attend_local = &AttendTokens<true>};
  return isa == Isa::kAmx ? AmxAttention() : kKernel;
}

}  // namespace bertqa

#else

namespace bertqa {

const AttentionKernel<BFloat16>& BFloat16Attention(Isa /*isa*/) {
  static constexpr AttentionKernel<BFloat16> kNone = {};
  return kNone;
}

}  // namespace bertqa

#endif
