#include "kernels/attention.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "kernels/attention_layout.h"

namespace bertqa {
namespace {

/// A half-open range of a window's tokens.
struct TokenRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// One call of Attend.
template <typename T>
class HeadRun {
 public:
  HeadRun(Isa isa, const AttentionKernel<T>& kernel, const AttentionHead<T>& head,
          AttentionScratch& scratch)
      : isa_(isa), kernel_(kernel), head_(head), scratch_(scratch) {
    const std::size_t groups = (head.tokens + kernel.max_rows - 1) / kernel.max_rows;
    rows_ = RoundUp((head.tokens + groups - 1) / groups, kernel.row_step);  // even groups
    group_floats_ = RoundUp(head.head_size, kAttentionPanel) * kernel.max_rows;
    if (head.bias != nullptr) {
      attend_ = kernel.attend_biased;
      find_largest_ = kernel.find_largest_biased;
      safe_score_ -= head.bias->largest();
    } else if (head.positions != nullptr) {
      attend_ = kernel.attend_biased;
      find_largest_ = kernel.find_largest_biased;
      max_groups_ = std::min(kAttentionGroups, kPositionRows / rows_);
    } else if (is_local_) {
      attend_ = kernel.attend_local;
      find_largest_ = kernel.find_largest_local;
    }
  }

  void Run() {
    if (kernel_.begin != nullptr) {
      kernel_.begin();
    }
    largest_key_ = kernel_.pack_keys(head_, scratch_.keys());
    kernel_.pack_values(head_, scratch_.values());
    for (std::size_t row = 0; row < head_.tokens; row += rows_ * max_groups_) {
      AttendRows(row);
    }
    if (kernel_.end != nullptr) {
      kernel_.end();
    }
  }

 private:
  /// A super-group.
  void AttendRows(std::size_t first_row) {
    if (head_.positions != nullptr) {
      AddPositions(first_row);
    }
    std::array<AttentionGroup, kAttentionGroups> groups;
    std::size_t count = 0;
    for (std::size_t row = first_row; row < head_.tokens && count < max_groups_; row += rows_) {
      groups[count] = Begin(count, row);
      ++count;
    }
    const std::size_t end = SeenBy(groups[count - 1]).end;
    for (std::size_t token = SeenBy(groups[0]).begin; token < end; token += kAttentionBlock) {
      for (std::size_t index = 0; index < count; ++index) {
        Step(attend_, groups[index], token);
      }
    }
    for (std::size_t index = 0; index < count; ++index) {
      kernel_.store(head_, groups[index]);
    }
  }

  /// What the scores of a super-group begin with.
  void AddPositions(std::size_t first_row) {
    if constexpr (std::is_same_v<T, float>) {
      const std::size_t rows = std::min(rows_ * max_groups_, head_.tokens - first_row);
      first_position_row_ = first_row;
      safe_score_ =
          kAttentionSafeScore - ScorePositions(isa_, head_, first_row, rows, scratch_.positions());
    }
  }

  AttentionGroup Begin(std::size_t index, std::size_t row) {
    AttentionGroup group{
        .first_row = row,
        .rows = std::min(rows_, head_.tokens - row),
        .queries = scratch_.queries() + index * group_floats_,
        .outputs = scratch_.outputs() + index * group_floats_,
        .sums = scratch_.sums() + index * kernel_.max_rows * kAttentionMaxLanes,
        .shifts = scratch_.shifts() + index * kernel_.max_rows,
    };
    const float largest_query = kernel_.load_queries(head_, group);
    // Also false if one of them is not a number.
    group.is_bounded = safe_score_ > 0 && largest_query * largest_key_ <= safe_score_ * safe_score_;
    if (group.is_bounded) {
      std::fill_n(group.shifts, group.rows, 0.0F);
    } else {
      FindShifts(group);
    }
    std::fill_n(group.sums, group.rows * kAttentionMaxLanes, 0.0F);
    std::fill_n(group.outputs, group_floats_, 0.0F);
    return group;
  }

  /// The rows' largest scores: a product more, but nothing that grows with the window.
  void FindShifts(const AttentionGroup& group) {
    const std::size_t lanes = group.rows * kAttentionMaxLanes;
    std::fill_n(group.sums, lanes, std::numeric_limits<float>::lowest());
    const TokenRange seen = SeenBy(group);
    for (std::size_t token = seen.begin; token < seen.end; token += kAttentionBlock) {
      Step(find_largest_, group, token);
    }
    for (std::size_t row = 0; row < group.rows; ++row) {
      const float* const largest = group.sums + row * kAttentionMaxLanes;
      group.shifts[row] = *std::max_element(largest, largest + kAttentionMaxLanes);
    }
  }

  using StepFunction = void (*)(const AttentionGroup& group, const AttentionTokens& tokens);

  /// `step` for what the group sees of the block that begins at `token`.
  void Step(StepFunction step, const AttentionGroup& group, std::size_t token) {
    const TokenRange seen = SeenBy(group);
    const std::size_t begin = std::max(seen.begin, token);
    const std::size_t end = std::min(seen.end, token + kAttentionBlock);
    if (begin < end) {
      AttentionTokens tokens = TokensOf({.begin = begin, .end = end});
      if (is_local_) {
        const auto row = static_cast<std::ptrdiff_t>(group.first_row - begin);
        const auto reach = static_cast<std::ptrdiff_t>(head_.reach);
        tokens.seen_begin = row - reach;
        tokens.seen_end = row + reach + 1;
      }
      step(group, tokens);
    }
  }

  /// What any row of the group sees, from the beginning of a panel on.
  TokenRange SeenBy(const AttentionGroup& group) const {
    if (!is_local_) {
      return {.begin = 0, .end = head_.tokens};
    }
    const std::size_t first = group.first_row - std::min(group.first_row, head_.reach);
    return {.begin = first / kernel_.panel * kernel_.panel,
            .end = std::min(head_.tokens, group.first_row + group.rows + head_.reach)};
  }

  AttentionTokens TokensOf(TokenRange tokens) {
    const std::size_t token = tokens.begin;
    // Elements of `T`s that are adjacent in depth: the depth of scores is D, that of outputs
    // tokens.
    const std::size_t per_element = sizeof(float) / sizeof(T);
    const std::size_t depth = RoundUp(head_.head_size, kernel_.depth_step) / per_element;
    const std::size_t padded_tokens = RoundUp(head_.tokens, kAttentionPanel);
    AttentionTokens result{.keys = scratch_.keys() + token * depth,
                           .values = scratch_.values() + token / per_element * kernel_.panel,
                           .value_panel_stride = padded_tokens / per_element * kernel_.panel,
                           .count = tokens.end - token,
                           .head_size = head_.head_size,
                           .weights = scratch_.weights()};
    if (head_.bias != nullptr) {
      result.bias = head_.bias->centre() + token;
    } else if (head_.positions != nullptr) {
      result.bias = scratch_.positions().scores() + token;
      result.bias_step = static_cast<std::ptrdiff_t>(scratch_.positions().stride());
      result.bias_row = first_position_row_;
    }
    return result;
  }

  Isa isa_;
  const AttentionKernel<T>& kernel_;
  const AttentionHead<T>& head_;
  AttentionScratch& scratch_;
  std::size_t rows_;
  std::size_t group_floats_;
  std::size_t max_groups_ = kAttentionGroups;
  std::size_t first_position_row_ = 0;  // of the super-group
  float largest_key_ = 0;
  bool is_local_ = head_.tokens > 1 && head_.reach < head_.tokens - 1;
  StepFunction attend_ = kernel_.attend;
  StepFunction find_largest_ = kernel_.find_largest;
  float safe_score_ = kAttentionSafeScore;
};

}  // namespace

float ScoreFactor(std::size_t head_size, std::size_t score_terms) {
  return static_cast<float>(std::numbers::log2e /
                            std::sqrt(static_cast<double>(head_size * score_terms)));
}

DistanceBias::DistanceBias(std::span<const float> of_distance)
    : max_tokens_((of_distance.size() + 1) / 2), values_(of_distance.size() + kAttentionPanel) {
  for (std::size_t index = 0; index < of_distance.size(); ++index) {
    const float value = of_distance[index] * std::numbers::log2e_v<float>;
    values_.data()[index] = value;
    largest_ = std::max(largest_, std::abs(value));
  }
}

AttentionScratch::AttentionScratch(Isa /*isa*/, std::size_t max_tokens, std::size_t head_size)
    : keys_(RoundUp(max_tokens, kAttentionPanel) * RoundUp(head_size, kAttentionPanel)),
      values_(keys_.size()),
      queries_(kAttentionGroups * kAttentionMaxRows * RoundUp(head_size, kAttentionPanel)),
      weights_(kAttentionBlock * kAttentionMaxRows),
      outputs_(queries_.size()),
      sums_(kAttentionGroups * kAttentionMaxRows * kAttentionMaxLanes),
      shifts_(kAttentionGroups * kAttentionMaxRows) {}

void Attend(Isa isa, const AttentionHead<float>& head, AttentionScratch& scratch) {
  HeadRun<float>(isa, FloatAttention(isa), head, scratch).Run();
}

void Attend(Isa isa, const AttentionHead<BFloat16>& head, AttentionScratch& scratch) {
  HeadRun<BFloat16>(isa, BFloat16Attention(isa), head, scratch).Run();
}

}  // namespace bertqa
