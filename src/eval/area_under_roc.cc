#include "bertqa/area_under_roc.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bertqa/error.h"

namespace bertqa {

std::optional<double> AreaUnderRoc(std::span<const ScoredQuestion> questions) {
  std::vector<ScoredQuestion> sorted(questions.begin(), questions.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (std::isnan(sorted[i].no_answer_score)) {
      throw Error(ErrorCode::kMalformed, "area under the ROC curve: question " + std::to_string(i) +
                                             ": expected a score, found NaN");
    }
  }
  std::sort(sorted.begin(), sorted.end(), [](const ScoredQuestion& a, const ScoredQuestion& b) {
    return a.no_answer_score < b.no_answer_score;
  });
  // Counted in halves of pairs, which are integers.
  std::size_t answerable_below = 0;
  std::size_t unanswerable = 0;
  std::size_t half_pairs = 0;
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin;
    std::size_t unanswerable_here = 0;
    while (end < sorted.size() && sorted[end].no_answer_score == sorted[begin].no_answer_score) {
      unanswerable_here += sorted[end].is_unanswerable ? 1 : 0;
      ++end;
    }
    const std::size_t answerable_here = end - begin - unanswerable_here;
    half_pairs += unanswerable_here * (2 * answerable_below + answerable_here);
    answerable_below += answerable_here;
    unanswerable += unanswerable_here;
    begin = end;
  }
  if (unanswerable == 0 || answerable_below == 0) {
    return std::nullopt;
  }
  return static_cast<double>(half_pairs) / 2 /
         (static_cast<double>(unanswerable) * static_cast<double>(answerable_below));
}

}  // namespace bertqa
