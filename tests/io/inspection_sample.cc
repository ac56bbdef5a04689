#include "io/inspection_sample.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace bertqa {
namespace {

constexpr std::string_view kSpace = " \n\t\r";
constexpr float kLowLogit = -5.5F;
constexpr float kLowProbability = 0.0004F;

InspectedToken MakeToken(std::string piece, Segment segment, std::size_t window_index) {
  InspectedToken token;
  token.piece = std::move(piece);
  token.segment = segment;
  token.window_index = window_index;
  token.start_logit = kLowLogit;
  token.end_logit = kLowLogit;
  token.start_probability = kLowProbability;
  token.end_probability = kLowProbability;
  return token;
}

}  // namespace

std::vector<ByteSpan> WordSpans(std::string_view text) {
  std::vector<ByteSpan> spans;
  std::size_t begin = text.find_first_not_of(kSpace);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kSpace, begin), text.size());
    spans.push_back({begin, end});
    begin = text.find_first_not_of(kSpace, end);
  }
  return spans;
}

void InspectionSample::AddWindow(std::size_t first, std::size_t last) {
  const std::size_t window_index = inspection.windows.size();
  inspection.windows.push_back({0, first, last});
  const auto add_words = [&](const std::string& text, Segment segment, std::size_t from,
                             std::size_t to) {
    const std::vector<ByteSpan> spans = WordSpans(text);
    for (std::size_t i = from; i <= to && i < spans.size(); ++i) {
      inspection.tokens.push_back(MakeToken(
          text.substr(spans[i].begin, spans[i].end - spans[i].begin), segment, window_index));
      inspection.tokens.back().span = spans[i];
    }
  };
  inspection.tokens.push_back(MakeToken("[CLS]", Segment::kSpecial, window_index));
  add_words(request.question, Segment::kQuestion, 0, request.question.size());
  inspection.tokens.push_back(MakeToken("[SEP]", Segment::kSpecial, window_index));
  add_words(request.documents.front(), Segment::kContext, first, last);
  inspection.tokens.push_back(MakeToken("[SEP]", Segment::kSpecial, window_index));
}

InspectedToken& InspectionSample::ContextToken(std::size_t context_token) {
  for (InspectedToken& token : inspection.tokens) {
    if (token.segment == Segment::kContext && context_token-- == 0) {
      return token;
    }
  }
  throw std::out_of_range("no such context token");
}

void InspectionSample::SetStart(std::size_t context_token, float logit, float probability) {
  ContextToken(context_token).start_logit = logit;
  ContextToken(context_token).start_probability = probability;
}

void InspectionSample::SetEnd(std::size_t context_token, float logit, float probability) {
  ContextToken(context_token).end_logit = logit;
  ContextToken(context_token).end_probability = probability;
}

QaResult InspectionSample::AnswerOf(std::size_t first, std::size_t last, float probability) const {
  const std::string& text = request.documents.front();
  const std::vector<ByteSpan> spans = WordSpans(text);
  Answer answer;
  answer.span = {spans[first].begin, spans[last].end};
  answer.text = text.substr(answer.span.begin, answer.span.end - answer.span.begin);
  answer.probability = probability;
  answer.logit = 14.71F;
  QaResult result;
  result.answers.push_back(answer);
  result.null_logit = -6.02F;
  result.null_probability = 0.002F;
  return result;
}

InspectionSample MakeSample(std::string_view question, std::string_view context) {
  InspectionSample sample;
  sample.request.question = question;
  sample.request.documents.emplace_back(context);
  return sample;
}

InspectionSample MakeOneWindowSample(std::string_view question, std::string_view context) {
  InspectionSample sample = MakeSample(question, context);
  sample.AddWindow(0, WordSpans(context).size() - 1);
  return sample;
}

}  // namespace bertqa
