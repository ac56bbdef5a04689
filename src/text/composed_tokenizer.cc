#include "text/composed_tokenizer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "text/white_space.h"

namespace bertqa {

/// Keeps what tokenizer.h promises of spans, whatever the steps did to them: on character
/// boundaries, neither empty nor descending, and without white space at their ends unless there is
/// nothing else.
class ComposedTokenizer::Writer {
 public:
  explicit Writer(std::string_view text) : text_(text) {
    encoding_.ids.reserve(text.size() / 4 + 8);
    encoding_.spans.reserve(text.size() / 4 + 8);
  }

  void Add(TokenId id, ByteSpan span) {
    span.begin = std::max(span.begin, last_.begin);
    span.end = std::max({span.end, last_.end, span.begin});
    if (span.begin == text_.size()) {
      --span.begin;
    }
    while (IsInside(span.begin)) {
      --span.begin;
    }
    while (IsInside(span.end) || (span.end == span.begin && span.end < text_.size())) {
      ++span.end;
    }
    span = Trimmed(span);
    encoding_.ids.push_back(id);
    encoding_.spans.push_back(span);
    last_ = span;
  }

  Encoding Take() { return std::move(encoding_); }

 private:
  bool IsInside(std::size_t position) const {
    return position < text_.size() && IsContinuationByte(text_[position]);
  }

  /// First spaces go, as RoBERTa's post-processor has it, then what other white space there is.
  ByteSpan Trimmed(ByteSpan span) const {
    span = IfGood(TrimSpaces(text_, span), span);
    return IfGood(TrimWhiteSpace(text_, span), span);
  }

  ByteSpan IfGood(ByteSpan trimmed, ByteSpan span) const {
    return trimmed.begin < trimmed.end && trimmed.end >= last_.end ? trimmed : span;
  }

  std::string_view text_;
  Encoding encoding_;
  ByteSpan last_;
};

Encoding ComposedTokenizer::Encode(std::string_view text) const {
  RequireUtf8(text, "text");
  Writer writer(text);
  if (parts_.raw_tokens.empty()) {
    EncodePart(text, {0, text.size()}, writer);
    return writer.Take();
  }
  for (const auto& [id, part] : parts_.raw_tokens.Cut(text)) {
    if (id >= 0) {
      writer.Add(id, part);
    } else {
      EncodePart(text, part, writer);
    }
  }
  return writer.Take();
}

void ComposedTokenizer::EncodePart(std::string_view text, ByteSpan part, Writer& writer) const {
  AlignedText aligned(text, part);
  if (parts_.normalizer != nullptr) {
    aligned = parts_.normalizer->Apply(std::move(aligned));
  }
  if (parts_.normalized_tokens.empty()) {
    EncodeNormalized(std::move(aligned), writer);
    return;
  }
  for (const auto& [id, range] : parts_.normalized_tokens.Cut(aligned.view())) {
    if (id >= 0) {
      writer.Add(id, aligned.Origin(range.begin, range.end));
      continue;
    }
    EncodeNormalized(aligned.Part(range.begin, range.end), writer);
  }
}

void ComposedTokenizer::EncodeNormalized(AlignedText text, Writer& writer) const {
  if (text.empty()) {
    return;
  }
  const std::size_t size = text.size();
  SplitText split = {std::move(text), {{0, size}}};
  if (parts_.pre_tokenizer != nullptr) {
    split = parts_.pre_tokenizer->Apply(std::move(split));
  }
  std::vector<WordToken> tokens;
  for (const ByteSpan piece : split.pieces) {
    tokens.clear();
    parts_.model->Append(split.text.view().substr(piece.begin, piece.end - piece.begin), tokens);
    for (const WordToken& token : tokens) {
      writer.Add(token.id, split.text.Origin(piece.begin + token.begin, piece.begin + token.end));
    }
  }
}

}  // namespace bertqa
