#include "decode/log_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "bertqa/error.h"
#include "decode/best_ends.h"
#include "decode/span_tiles.h"

namespace bertqa {
namespace {

/// The largest start and end logit, and the largest in size.
struct Range {
  float start = -std::numeric_limits<float>::infinity();
  float end = -std::numeric_limits<float>::infinity();
  float size = 0;
};

Range FindRange(std::span<const WindowLogits> windows) {
  Range range;
  for (const WindowLogits& window : windows) {
    for (const float logit : window.start) {
      range.start = std::max(range.start, logit);
      range.size = std::max(range.size, std::abs(logit));
    }
    for (const float logit : window.end) {
      range.end = std::max(range.end, logit);
      range.size = std::max(range.size, std::abs(logit));
    }
  }
  return range;
}

std::vector<double> Exponentials(std::span<const float> logits, float shift, double scale) {
  std::vector<double> values(logits.size());
  std::transform(logits.begin(), logits.end(), values.begin(), [&](float logit) {
    return std::exp((static_cast<double>(logit) - static_cast<double>(shift)) * scale);
  });
  return values;
}

/// sums[i] += the term of each span of the tile, without its start's factor.
void AddTile(const SpanTile& tile, const std::vector<double>& end_factors, double scale,
             std::vector<double>& sums) {
  const float* const start = tile.start.data();
  const float* const end = tile.end.data();
  const double* const factor = end_factors.data() + tile.end_offset;
  double* const sum = sums.data() + tile.first_start;
  for (std::size_t i = 0; i < tile.start.size(); ++i) {
    // Møller 1965, Knuth's TwoSum: start + end = logit + lost, exactly.
    const float logit = start[i] + end[i];
    const float back = logit - start[i];
    const float lost = (start[i] - (logit - back)) + (end[i] - back);
    // exp(-lost) to its third power: |lost| is below 1e-5 (kLargestLoss).
    const double x = -static_cast<double>(lost) * scale;
    sum[i] += factor[i] * (1 + x * (1 + 0.5 * x));
  }
}

double SumWindow(const WindowLogits& window, std::size_t max_answer_tokens, const Range& range,
                 double scale) {
  const std::size_t offset = window.window.max_context_begin - window.window.context_begin;
  const std::size_t starts = window.window.max_context_end - window.window.max_context_begin;
  const std::vector<double> start_factors =
      Exponentials(window.start.subspan(offset, starts), range.start, scale);
  const std::vector<double> end_factors = Exponentials(window.end, range.end, scale);
  std::vector<double> sums(starts);
  ForEachTile(window, max_answer_tokens,
              [&](const SpanTile& tile) { AddTile(tile, end_factors, scale, sums); });
  double sum = 0;
  for (std::size_t i = 0; i < starts; ++i) {
    sum += start_factors[i] * sums[i];
  }
  return sum;
}

}  // namespace

double LogSumTermByTerm(const SoftmaxTerms& terms) {
  float largest = terms.null_logit;
  for (const WindowLogits& window : terms.windows) {
    for (const float logit : FindBestEnds(window, terms.max_answer_tokens).logits) {
      largest = std::max(largest, logit);
    }
  }
  if (!std::isfinite(largest)) {
    throw Error(ErrorCode::kInternal,
                "decode: expected a finite span logit, found " + std::to_string(largest));
  }
  // log sum exp(x) = m + log sum exp(x - m): with the largest for m nothing overflows.
  const double shift = static_cast<double>(largest) / terms.temperature;
  const auto term = [&](float logit) {
    return std::exp(static_cast<double>(logit) / terms.temperature - shift);
  };
  double sum = term(terms.null_logit);
  for (const WindowLogits& window : terms.windows) {
    ForEachTile(window, terms.max_answer_tokens, [&](const SpanTile& tile) {
      for (std::size_t i = 0; i < tile.start.size(); ++i) {
        sum += term(tile.start[i] + tile.end[i]);
      }
    });
  }
  return shift + std::log(sum);
}

std::optional<double> LogSumByFactors(const SoftmaxTerms& terms) {
  constexpr double kLargestLoss = 1e-5;     // in the exponent; its cube is below a double's digits
  constexpr double kLargestExponent = 500;  // far from 709, where exp() overflows
  constexpr double kSmallestSum = 1e-200;   // far from 1e-308, where doubles lose digits
  const double scale = 1 / terms.temperature;
  const Range range = FindRange(terms.windows);
  const double loss = 2 * static_cast<double>(range.size) * std::ldexp(1, -24) * scale;
  const double top = static_cast<double>(range.start) + static_cast<double>(range.end);
  const double null_exponent = (static_cast<double>(terms.null_logit) - top) * scale;
  if (loss > kLargestLoss || null_exponent > kLargestExponent) {
    return std::nullopt;
  }
  double sum = std::exp(null_exponent);
  for (const WindowLogits& window : terms.windows) {
    sum += SumWindow(window, terms.max_answer_tokens, range, scale);
  }
  if (sum < kSmallestSum) {  // the best start and the best end are far from any valid span
    return std::nullopt;
  }
  return top * scale + std::log(sum);
}

}  // namespace bertqa
