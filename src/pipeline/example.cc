#include "pipeline/example.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "bertqa/error.h"
#include "text/white_space.h"

namespace bertqa {
namespace {

/// Encodes one text of a request; `what` names it in an error.
std::variant<Encoding, RecordError> EncodeText(const Tokenizer& tokenizer, const std::string& text,
                                               const std::string& what) {
  try {
    return tokenizer.Encode(text);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBadUtf8) {
      throw;
    }
    return RecordError{RecordErrorCode::kBadUtf8, what + ": " + error.what()};
  }
}

void CutQuestion(Example& example, std::size_t max_question_tokens) {
  if (example.question.size() <= max_question_tokens) {
    return;
  }
  example.warnings.push_back("question cut to " + std::to_string(max_question_tokens) + " tokens");
  example.question.ids.resize(max_question_tokens);
  example.question.spans.resize(max_question_tokens);
}

void AddWindows(Example& example, std::size_t special_tokens, const WindowOptions& options) {
  for (std::size_t document = 0; document < example.documents.size(); ++document) {
    for (const Window& window :
         BuildWindows(example.question.size(), example.documents[document].size(), special_tokens,
                      options)) {
      example.windows.push_back({document, window, {}, {}});
    }
  }
}

/// Without white space at its ends, which there is where the first or the last token is nothing
/// else (byte-level BPE has tokens of a space alone); an answer of white space alone stays as it
/// is.
Answer MakeAnswer(const Example& example, const QaRequest& request, const TokenSpan& span) {
  const Encoding& encoding = example.documents[span.document_index];
  const std::string& document = request.documents[span.document_index];
  const ByteSpan whole = {encoding.spans[span.first_token].begin,
                          encoding.spans[span.last_token].end};
  const ByteSpan trimmed = TrimWhiteSpace(document, whole);
  Answer answer;
  answer.document_index = span.document_index;
  answer.span = trimmed.begin < trimmed.end ? trimmed : whole;
  answer.text = document.substr(answer.span.begin, answer.span.end - answer.span.begin);
  answer.logit = span.logit;
  return answer;
}

/// Which later spans an answer hides. Only looks at the request and the example.
HidesSpan MakeHides(const Example& example, const QaRequest& request, Dedupe dedupe) {
  switch (dedupe) {
    case Dedupe::kOverlap:
      return Overlaps;
    case Dedupe::kExact:
      return [&](const TokenSpan& chosen, const TokenSpan& candidate) {
        return MakeAnswer(example, request, chosen).text ==
               MakeAnswer(example, request, candidate).text;
      };
    case Dedupe::kNone:
      break;
  }
  return {};
}

/// All that a decode looks at. Views: what it refers to outlives it.
struct DecodeInput {
  const Example& example;
  const QaRequest& request;
  const QaOptions& options;
  const std::vector<WindowLogits>& logits;
  const SpanDistribution& distribution;
};

/// Abstains if the null term leads by more than the threshold.
void ApplyNullThreshold(QaResult& result, const QaOptions& options) {
  if (options.no_answer && result.null_lead() > options.null_threshold) {
    result.no_answer_reason = NoAnswerReason::kNullThreshold;
  }
}

void DecodeJoint(QaResult& result, const DecodeInput& input) {
  const auto& [example, request, options, logits, distribution] = input;
  const HidesSpan hides = MakeHides(example, request, options.dedupe);
  for (const TokenSpan& span : BestSpans(logits, options.max_answer_tokens, options.top_k, hides)) {
    Answer answer = MakeAnswer(example, request, span);
    answer.probability = distribution.Probability(answer.logit);
    result.answers.push_back(std::move(answer));
  }
  ApplyNullThreshold(result, input.options);
}

/// Whether the normaliser counts this span already, with this logit.
bool IsValidSpan(const IndependentSpan& span, const std::vector<WindowLogits>& logits,
                 std::size_t max_answer_tokens) {
  if (span.crossed() || span.end_token - span.start_token >= max_answer_tokens) {
    return false;
  }
  return std::any_of(logits.begin(), logits.end(), [&](const WindowLogits& in) {
    const Window& window = in.window;
    return in.document_index == span.start_document &&
           span.start_token >= window.max_context_begin &&
           span.start_token < window.max_context_end && span.end_token < window.context_end &&
           in.start[span.start_token - window.context_begin] +
                   in.end[span.end_token - window.context_begin] ==
               span.logit;
  });
}

/// A span that the normaliser does not count (too long, or start and end from different windows)
/// is counted beside the valid ones, so that its probability stays below one.
float IndependentProbability(const SpanDistribution& distribution, float logit, bool is_valid) {
  if (is_valid) {
    return distribution.Probability(logit);
  }
  const double scaled = static_cast<double>(logit) / distribution.temperature;
  return static_cast<float>(1 / (1 + std::exp(distribution.log_normaliser - scaled)));
}

void DecodeIndependent(QaResult& result, const DecodeInput& input) {
  const auto& [example, request, options, logits, distribution] = input;
  const IndependentSpan span = IndependentDecode(logits);
  if (span.crossed()) {
    result.no_answer_reason = NoAnswerReason::kCrossed;
    return;
  }
  Answer answer = MakeAnswer(
      example, request,
      {span.start_document, span.window_index, span.start_token, span.end_token, span.logit});
  answer.probability = IndependentProbability(distribution, span.logit,
                                              IsValidSpan(span, logits, options.max_answer_tokens));
  result.answers.push_back(std::move(answer));
  ApplyNullThreshold(result, input.options);
}

}  // namespace

std::size_t Example::WindowTokens(std::size_t window_index, const PairTemplate& pair) const {
  return pair.special_tokens() + question.size() + windows[window_index].window.size();
}

std::size_t Example::ContextOffset(const PairTemplate& pair) const {
  return pair.prefix.size() + question.size() + pair.separator.size();
}

std::variant<Example, RecordError> PrepareExample(const QaRequest& request,
                                                  const Tokenizer& tokenizer,
                                                  const QaOptions& options) {
  Example example;
  auto question = EncodeText(tokenizer, request.question, "question");
  if (auto* error = std::get_if<RecordError>(&question)) {
    return std::move(*error);
  }
  example.question = std::get<Encoding>(std::move(question));
  if (example.question.ids.empty()) {
    return RecordError{RecordErrorCode::kEmptyQuestion, "the question is empty"};
  }
  CutQuestion(example, options.windows.max_question_tokens);
  for (const std::string& document : request.documents) {
    auto encoding = EncodeText(tokenizer, document, "context");
    if (auto* error = std::get_if<RecordError>(&encoding)) {
      return std::move(*error);
    }
    example.documents.push_back(std::get<Encoding>(std::move(encoding)));
  }
  AddWindows(example, tokenizer.pair_template().special_tokens(), options.windows);
  return example;
}

void AppendExampleWindow(PackedBatch& batch, const Example& example, std::size_t window_index,
                         const PairTemplate& pair) {
  const ExampleWindow& window = example.windows[window_index];
  AppendWindow(batch, pair, example.question.ids, example.documents[window.document_index].ids,
               window.window);
}

std::vector<WindowLogits> ViewLogits(const Example& example, const PairTemplate& pair) {
  const std::size_t offset = example.ContextOffset(pair);
  std::vector<WindowLogits> views;
  views.reserve(example.windows.size());
  for (const ExampleWindow& window : example.windows) {
    WindowLogits view;
    view.document_index = window.document_index;
    view.window = window.window;
    view.start = std::span(window.start).subspan(offset, window.window.size());
    view.end = std::span(window.end).subspan(offset, window.window.size());
    view.null_logit = window.start[pair.null_position] + window.end[pair.null_position];
    views.push_back(view);
  }
  return views;
}

QaResult DecodeExample(const Example& example, const QaRequest& request, const PairTemplate& pair,
                       const QaOptions& options) {
  QaResult result;
  result.warnings = example.warnings;
  if (example.windows.empty()) {
    result.no_answer_reason = NoAnswerReason::kEmptyContext;
    return result;
  }
  const std::vector<WindowLogits> logits = ViewLogits(example, pair);
  const SpanDistribution distribution =
      ComputeDistribution(logits, options.max_answer_tokens, options.temperature);
  result.null_logit = distribution.null_logit;
  result.null_probability = distribution.Probability(distribution.null_logit);
  const auto decode = options.decode == DecodeMode::kJoint ? DecodeJoint : DecodeIndependent;
  decode(result, {example, request, options, logits, distribution});
  return result;
}

}  // namespace bertqa
