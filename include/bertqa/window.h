#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// How a long context is cut into model inputs. Overlap is shared tokens, step is start-to-start
/// distance: step = capacity - overlap, where capacity is what question and special tokens leave.
struct WindowOptions {
  std::size_t window_tokens = 384;       ///< longest input, special tokens counted
  std::size_t overlap_tokens = 128;      ///< context tokens that neighbouring windows share
  std::size_t max_question_tokens = 64;  ///< a longer question is cut at its end

  /// Throws Error{kUsage} that names the options, unless the longest question allowed and
  /// `special_tokens` leave room for more context than the overlap, and all are at least 1
  /// (the overlap may be 0).
  void Validate(std::size_t special_tokens) const;
};

/// One model input `[CLS] question [SEP] context slice [SEP]`, as a slice of the context's tokens.
/// All ranges are half-open and count tokens of the whole context.
struct Window {
  std::size_t context_begin = 0;
  std::size_t context_end = 0;
  /// The tokens whose max-context window this is: always one range, because the difference of two
  /// windows' scores falls monotonically from left to right.
  std::size_t max_context_begin = 0;
  std::size_t max_context_end = 0;

  std::size_t size() const { return context_end - context_begin; }
};

/// Cuts `context_tokens` tokens into windows for a question of `question_tokens` (already cut to
/// `options.max_question_tokens`).
/// Guarantees: every context token is in at least one window, and in the max-context range of
/// exactly one; windows ascend; no context token, no window.
/// The max-context window of a token maximises min(tokens to its left, tokens to its right) +
/// 0.01 * window length; of equals, the earlier (google-research/bert run_squad.py,
/// `_check_is_max_context`).
/// REQUIRES: options.Validate() passed for the template's special tokens.
std::vector<Window> BuildWindows(std::size_t question_tokens, std::size_t context_tokens,
                                 std::size_t special_tokens, const WindowOptions& options);

/// W model inputs laid one after the other, without padding.
struct PackedBatch {
  std::vector<TokenId> ids;                ///< [N]
  std::vector<std::int32_t> segments;      ///< [N], BERT's token types
  std::vector<std::size_t> offsets = {0};  ///< [W + 1], window w is [offsets[w], offsets[w + 1])

  std::size_t window_count() const { return offsets.size() - 1; }
  std::size_t token_count() const { return ids.size(); }
};

/// Appends one window to `batch`. `question` and `context` are the ids of the (cut) question and of
/// the whole context.
void AppendWindow(PackedBatch& batch, const PairTemplate& pair, std::span<const TokenId> question,
                  std::span<const TokenId> context, const Window& window);

/// A set of windows, by index into the caller's list, that share a forward pass.
struct BatchPlan {
  std::vector<std::size_t> window_indices;
  std::size_t tokens = 0;
};

/// Groups windows of the given lengths (tokens with special tokens) into batches of at most
/// `max_batch_tokens`, longest first; a window longer than that has a batch of its own.
/// Every index is in exactly one batch. Only the caller's order of indices is ever changed, so
/// results are written back by index.
std::vector<BatchPlan> PlanBatches(std::span<const std::size_t> window_lengths,
                                   std::size_t max_batch_tokens);

}  // namespace bertqa
