#pragma once

#include <cstddef>

#include "kernels/attention.h"

// What attention.cc, which orders the work, and the kernels of one precision and instruction set
// agree on: how the parts of an attention lie in the scratch.
//
// An "element" is 4 bytes: a float, or 2 bfloat16 that are adjacent in a product's depth.
//
//   keys     [tokens / panel][D elements][panel]  Kᵀ, panels of `panel` tokens
//   values   [D / panel][tokens elements][panel]  V, panels of as many columns
//   queries  [groups][D / depth][rows][depth]     chunks of depth: rows at a constant distance
//   weights  [block / panel][rows][panel]         of one group and one block of tokens
//   outputs  [groups][D / panel][rows][panel]     sums so far
//   sums     [groups][rows][16]                   of the weights, in each lane of a vector
//   shifts   [groups][rows]                       what is subtracted from a row's scores
//
// A group is as many rows of queries as the registers hold sums for. For a block of tokens, whose
// keys and values fit the level-2 cache, all groups of a super-group are computed, so that long
// windows do not stream K and V from memory for each group.

namespace bertqa {

inline constexpr std::size_t kAttentionPanel = 32;     ///< tokens or columns of the widest panel
inline constexpr std::size_t kAttentionMaxRows = 32;   ///< of a group, for any kernel
inline constexpr std::size_t kAttentionBlock = 256;    ///< tokens of a block
inline constexpr std::size_t kAttentionGroups = 16;    ///< of a super-group
inline constexpr std::size_t kAttentionMaxLanes = 16;  ///< floats of a vector

/// If no score (as a power of 2) is larger in magnitude, 2^score is taken without subtracting the
/// row's largest first: neither it, nor its product with a value, nor their sum leaves what a float
/// can hold. |q| · |k| bounds a score (Cauchy and Schwarz), so that this costs a norm a token, and
/// saves a pass over the scores.
inline constexpr float kAttentionSafeScore = 80.0F;

/// Where a group of rows lies in the scratch.
struct AttentionGroup {
  std::size_t first_row = 0;
  std::size_t rows = 0;
  float* queries = nullptr;
  float* outputs = nullptr;
  float* sums = nullptr;
  float* shifts = nullptr;
  bool is_bounded = false;  ///< no shifts are needed
};

/// Where a block of tokens lies in it.
struct AttentionTokens {
  const float* keys = nullptr;
  const float* values = nullptr;
  std::size_t value_panel_stride = 0;  ///< floats from one panel of columns to the next
  std::size_t count = 0;
  std::size_t head_size = 0;
  float* weights = nullptr;
  /// What scores begin with: bias[(row - bias_row) · bias_step + token], the token counted from the
  /// block's first; null: with nothing. What depends on the distance alone has a step of -1.
  const float* bias = nullptr;
  std::ptrdiff_t bias_step = -1;
  std::size_t bias_row = 0;
  /// What the group's first row sees, counted from the block's first token: from `seen_begin` to
  /// before `seen_end`. Each row further down sees one token further. Read by the local steps only.
  std::ptrdiff_t seen_begin = 0;
  std::ptrdiff_t seen_end = 0;
};

/// The steps of an attention with T on one instruction set.
template <typename T>
struct AttentionKernel {
  std::size_t max_rows = 0;  ///< of a group
  std::size_t row_step = 1;  ///< a group's rows cost as much as the next multiple of this
  std::size_t panel = kAttentionPanel;
  std::size_t depth_step = 1;  ///< the head size is filled up with zeros to a multiple of this

  /// Returns the largest |k|².
  float (*pack_keys)(const AttentionHead<T>& head, float* keys);
  void (*pack_values)(const AttentionHead<T>& head, float* values);
  /// Returns the largest |q|², scaled by (log2(e) / √D)².
  float (*load_queries)(const AttentionHead<T>& head, const AttentionGroup& group);
  /// sums = the larger of sums and the scores, in each lane.
  void (*find_largest)(const AttentionGroup& group, const AttentionTokens& tokens);
  /// sums += the weights; outputs += weights · V.
  void (*attend)(const AttentionGroup& group, const AttentionTokens& tokens);
  /// The head's output = outputs / sums.
  void (*store)(const AttentionHead<T>& head, const AttentionGroup& group);
  void (*begin)() = nullptr;  ///< first of all on a thread, or null
  void (*end)() = nullptr;    ///< last
  /// As find_largest and attend, for scores with a bias; null where the kernel has none.
  void (*find_largest_biased)(const AttentionGroup& group, const AttentionTokens& tokens) = nullptr;
  void (*attend_biased)(const AttentionGroup& group, const AttentionTokens& tokens) = nullptr;
  /// The same where rows do not see all tokens of the block.
  void (*find_largest_local)(const AttentionGroup& group, const AttentionTokens& tokens) = nullptr;
  void (*attend_local)(const AttentionGroup& group, const AttentionTokens& tokens) = nullptr;
};

/// attention_float.cc
const AttentionKernel<float>& FloatAttention(Isa isa);
/// attention_bfloat16.cc, or attention_amx.cc. REQUIRES: ComputesBFloat16(isa).
const AttentionKernel<BFloat16>& BFloat16Attention(Isa isa);

/// What the scores are multiplied by where they are one product.
inline float AttentionFactor(std::size_t head_size) {
  return ScoreFactor(head_size, /*score_terms=*/1);
}

}  // namespace bertqa
