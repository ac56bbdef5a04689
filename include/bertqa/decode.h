#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "bertqa/window.h"

namespace bertqa {

/// The logits of one window as the decoder sees them.
/// Views: the vectors behind them must outlive the decoder that was given them.
struct WindowLogits {
  std::size_t document_index = 0;  ///< which context of the example
  Window window;
  std::span<const float> start;  ///< [window.size()], the context tokens only
  std::span<const float> end;    ///< [window.size()]
  float null_logit = 0;          ///< start[null] + end[null] of this window
};

/// A span of context tokens, `first` and `last` inclusive, counted in its whole document.
struct TokenSpan {
  std::size_t document_index = 0;
  std::size_t window_index = 0;  ///< where its logits come from
  std::size_t first_token = 0;
  std::size_t last_token = 0;
  float logit = 0;  ///< start logit + end logit, added as floats

  bool operator==(const TokenSpan&) const = default;
};

/// What is known of one example before any span is chosen.
/// log_normaliser = log(sum over valid spans of exp(logit / T) + exp(null_logit / T)).
/// A span is valid if first <= last, last - first < max_answer_tokens, last lies in the window, and
/// the window is the max-context window of `first`: so no span counts twice.
struct SpanDistribution {
  double log_normaliser = -std::numeric_limits<double>::infinity();
  float null_logit = 0;  ///< smallest over the windows
  double temperature = 1;

  /// exp(logit / T) / normaliser, in [0, 1].
  float Probability(float logit) const;
};

/// REQUIRES: at least one window, max_answer_tokens >= 1, temperature > 0. Logits may be NaN or
/// infinite only if the model is broken: throws Error{kInternal}.
SpanDistribution ComputeDistribution(std::span<const WindowLogits> windows,
                                     std::size_t max_answer_tokens, double temperature);

/// Walks every valid span from the best to the worst, without sorting them all.
/// Order: logit descending; of equals the earlier window, then the earlier first token, then the
/// earlier last token. Memory is O(context tokens), the first span costs O(context tokens · limit).
class SpanRanker {
 public:
  /// REQUIRES and errors as ComputeDistribution.
  SpanRanker(std::span<const WindowLogits> windows, std::size_t max_answer_tokens);

  /// The next best span, or nothing when all were given.
  std::optional<TokenSpan> Next();

 private:
  /// The spans that begin at one token, by the best of them not given yet.
  struct Start {
    float logit = 0;
    std::size_t window_index = 0;
    std::size_t first_token = 0;
    std::size_t last_token = 0;
  };

  static bool Worse(const Start& left, const Start& right);
  bool Advance(Start& start) const;

  std::span<const WindowLogits> windows_;
  std::size_t max_answer_tokens_;
  std::vector<Start> heap_;
};

/// Says whether a span that was chosen hides a later candidate.
using HidesSpan = std::function<bool(const TokenSpan& chosen, const TokenSpan& candidate)>;

/// True if the two spans share a token of the same document.
bool Overlaps(const TokenSpan& left, const TokenSpan& right);

/// The `top_k` best spans of which none hides a later one (joint decode: exhaustive search for
/// max S·T_i + E·T_j over j >= i). An empty `hides` hides nothing.
std::vector<TokenSpan> BestSpans(std::span<const WindowLogits> windows,
                                 std::size_t max_answer_tokens, std::size_t top_k,
                                 const HidesSpan& hides);

/// The tutorial's decode: the highest start and the highest end among the context tokens of all
/// windows, each on its own (ties: earlier window, earlier token).
struct IndependentSpan {
  std::size_t start_document = 0;
  std::size_t start_token = 0;
  std::size_t end_document = 0;
  std::size_t end_token = 0;     ///< inclusive
  std::size_t window_index = 0;  ///< of the start
  float logit = 0;               ///< start logit + end logit

  /// The end comes before the start, or is in another document: there is no answer.
  bool crossed() const { return start_document != end_document || end_token < start_token; }
};

/// REQUIRES: at least one window. Errors as ComputeDistribution.
IndependentSpan IndependentDecode(std::span<const WindowLogits> windows);

}  // namespace bertqa
