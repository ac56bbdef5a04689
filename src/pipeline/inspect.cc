#include "pipeline/inspect.h"

#include <algorithm>
#include <cmath>

namespace bertqa {
namespace {

/// Soft-max over one window's logits, [T] -> [T].
std::vector<float> Softmax(const std::vector<float>& logits) {
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) {
    sum += std::exp(static_cast<double>(logit) - highest);
  }
  std::vector<float> probabilities;
  probabilities.reserve(logits.size());
  for (const float logit : logits) {
    probabilities.push_back(
        static_cast<float>(std::exp(static_cast<double>(logit) - highest) / sum));
  }
  return probabilities;
}

/// Lists the tokens of one window; knows where in the input each part begins.
class WindowLister {
 public:
  WindowLister(const Example& example, std::size_t window_index, const Tokenizer& tokenizer)
      : example_(example),
        window_(example.windows[window_index]),
        window_index_(window_index),
        tokenizer_(tokenizer),
        start_probability_(Softmax(window_.start)),
        end_probability_(Softmax(window_.end)) {}

  void AppendTo(std::vector<InspectedToken>& tokens) const {
    const PairTemplate& pair = tokenizer_.pair_template();
    AppendSpecial(tokens, pair.prefix, 0);
    std::size_t position = pair.prefix.size();
    AppendSlice(tokens, Segment::kQuestion, example_.question, {0, example_.question.size()},
                position);
    AppendSpecial(tokens, pair.separator, position + example_.question.size());
    const Window& window = window_.window;
    position = example_.ContextOffset(pair);
    AppendSlice(tokens, Segment::kContext, example_.documents[window_.document_index],
                {window.max_context_begin, window.max_context_end},
                position + window.max_context_begin - window.context_begin);
    AppendSpecial(tokens, pair.suffix, position + window.size());
  }

 private:
  InspectedToken At(std::size_t position, TokenId id, Segment segment) const {
    InspectedToken token;
    token.id = id;
    token.piece = tokenizer_.Piece(id);
    token.segment = segment;
    token.document_index = window_.document_index;
    token.window_index = window_index_;
    token.start_logit = window_.start[position];
    token.end_logit = window_.end[position];
    token.start_probability = start_probability_[position];
    token.end_probability = end_probability_[position];
    return token;
  }

  void AppendSpecial(std::vector<InspectedToken>& tokens, const std::vector<TokenId>& ids,
                     std::size_t position) const {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      tokens.push_back(At(position + i, ids[i], Segment::kSpecial));
    }
  }

  /// The tokens `range` of `encoding`; the first of them stands at `position` of the input.
  void AppendSlice(std::vector<InspectedToken>& tokens, Segment segment, const Encoding& encoding,
                   ByteSpan range, std::size_t position) const {
    for (std::size_t i = range.begin; i < range.end; ++i) {
      tokens.push_back(At(position + i - range.begin, encoding.ids[i], segment));
      tokens.back().span = encoding.spans[i];
    }
  }

  const Example& example_;
  const ExampleWindow& window_;
  std::size_t window_index_;
  const Tokenizer& tokenizer_;
  std::vector<float> start_probability_;
  std::vector<float> end_probability_;
};

}  // namespace

Inspection InspectExample(const Example& example, const QaRequest& request,
                          const Tokenizer& tokenizer, const QaOptions& options) {
  Inspection inspection;
  for (std::size_t i = 0; i < example.windows.size(); ++i) {
    WindowLister(example, i, tokenizer).AppendTo(inspection.tokens);
    const ExampleWindow& window = example.windows[i];
    inspection.windows.push_back(
        {window.document_index, window.window.context_begin, window.window.context_end - 1});
  }
  QaOptions decode_options = options;
  const PairTemplate& pair = tokenizer.pair_template();
  decode_options.decode = DecodeMode::kJoint;
  inspection.joint = DecodeExample(example, request, pair, decode_options);
  decode_options.decode = DecodeMode::kIndependent;
  inspection.independent = DecodeExample(example, request, pair, decode_options);
  return inspection;
}

}  // namespace bertqa
