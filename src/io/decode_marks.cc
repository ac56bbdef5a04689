#include "io/decode_marks.h"

namespace bertqa {
namespace {

/// The tokens whose text lies in the first answer.
std::optional<MarkedTokens> FindAnswer(const std::vector<InspectedToken>& tokens,
                                       const QaResult& result) {
  if (result.answers.empty()) {
    return std::nullopt;
  }
  const Answer& answer = result.answers.front();
  std::optional<MarkedTokens> found;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const InspectedToken& token = tokens[i];
    if (token.segment == Segment::kContext && token.document_index == answer.document_index &&
        token.span->begin >= answer.span.begin && token.span->end <= answer.span.end) {
      found = {found ? found->first : i, i};
    }
  }
  return found;
}

MarkedTokens FindHighest(const std::vector<InspectedToken>& tokens) {
  MarkedTokens highest;
  bool any = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].segment != Segment::kContext) {
      continue;
    }
    if (!any || tokens[i].start_logit > tokens[highest.first].start_logit) {
      highest.first = i;
    }
    if (!any || tokens[i].end_logit > tokens[highest.last].end_logit) {
      highest.last = i;
    }
    any = true;
  }
  return highest;
}

bool IsWithin(const std::optional<MarkedTokens>& marked, std::size_t token_index,
              std::size_t distance) {
  return marked && token_index + distance >= marked->first &&
         token_index <= marked->last + distance;
}

}  // namespace

bool DecodeMarks::IsNear(std::size_t token_index, std::size_t distance) const {
  if (IsWithin(joint, token_index, distance) || IsWithin(independent, token_index, distance)) {
    return true;
  }
  return crossed &&
         (IsWithin(MarkedTokens{crossed->first, crossed->first}, token_index, distance) ||
          IsWithin(MarkedTokens{crossed->last, crossed->last}, token_index, distance));
}

DecodeMarks FindDecodeMarks(const Inspection& inspection) {
  DecodeMarks marks;
  marks.joint = FindAnswer(inspection.tokens, inspection.joint);
  marks.independent = FindAnswer(inspection.tokens, inspection.independent);
  if (inspection.independent.no_answer_reason == NoAnswerReason::kCrossed) {
    marks.crossed = FindHighest(inspection.tokens);
  }
  return marks;
}

bool DecodesDiffer(const Inspection& inspection) {
  const QaResult& joint = inspection.joint;
  const QaResult& independent = inspection.independent;
  if (joint.has_answer() != independent.has_answer()) {
    return true;
  }
  return joint.has_answer() &&
         (joint.answers.front().span != independent.answers.front().span ||
          joint.answers.front().document_index != independent.answers.front().document_index);
}

}  // namespace bertqa
