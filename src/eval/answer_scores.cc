#include "eval/answer_scores.h"

#include <algorithm>

namespace bertqa {
namespace {

/// Size of the intersection of two sorted multisets.
std::size_t CountCommon(const std::vector<std::string>& left,
                        const std::vector<std::string>& right) {
  std::size_t common = 0;
  auto l = left.begin();
  auto r = right.begin();
  while (l != left.end() && r != right.end()) {
    const int order = l->compare(*r);
    common += order == 0 ? 1U : 0U;
    l += order <= 0 ? 1 : 0;
    r += order >= 0 ? 1 : 0;
  }
  return common;
}

/// The operations in the order of the scripts, so that the last bit is the same.
double WordF1(const AnswerWords& prediction, const AnswerWords& reference, SquadVersion version) {
  if (version == SquadVersion::kV2 && (prediction.words.empty() || reference.words.empty())) {
    return prediction.words.empty() && reference.words.empty() ? 1 : 0;
  }
  const std::size_t common = CountCommon(prediction.words, reference.words);
  if (common == 0) {
    return 0;
  }
  const double precision =
      static_cast<double>(common) / static_cast<double>(prediction.words.size());
  const double recall = static_cast<double>(common) / static_cast<double>(reference.words.size());
  return (2 * precision * recall) / (precision + recall);
}

}  // namespace

AnswerWords::AnswerWords(std::string_view answer) : text(NormalizeAnswer(answer)) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  std::sort(words.begin(), words.end());
}

AnswerScore ScoreAnswer(const AnswerWords& prediction, const std::vector<AnswerWords>& references,
                        SquadVersion version) {
  AnswerScore best;
  for (const AnswerWords& reference : references) {
    best.exact = std::max(best.exact, prediction.text == reference.text ? 1.0 : 0.0);
    best.f1 = std::max(best.f1, WordF1(prediction, reference, version));
  }
  return best;
}

}  // namespace bertqa
