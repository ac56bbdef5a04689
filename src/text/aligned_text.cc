#include "text/aligned_text.h"

#include "base/utf8.h"
#include "bertqa/error.h"

namespace bertqa {

AlignedText AlignedText::EmptyLike(const AlignedText& from) {
  AlignedText text;
  text.is_source_ = false;
  text.is_first_ = from.is_first_;
  text.max_bytes_ = from.max_bytes_;
  text.text_.reserve(from.size() + 8);
  text.origins_.reserve(from.size() + 8);
  return text;
}

AlignedText AlignedText::Part(std::size_t begin, std::size_t end) const {
  AlignedText part = EmptyLike(*this);
  part.is_first_ = is_first_ && begin == 0;
  part.AppendPart(*this, begin, end);
  return part;
}

void AlignedText::RequireRoom(std::size_t more_bytes) const {
  if (more_bytes > max_bytes_ - text_.size()) {
    throw Error(ErrorCode::kUnsupported, "text: the tokenizer's normalizer makes more than " +
                                             std::to_string(max_bytes_) + " bytes of it");
  }
}

void AlignedText::Append(std::string_view text, ByteSpan origin) {
  RequireRoom(text.size());
  text_ += text;
  origins_.resize(text_.size(), origin);
}

void AlignedText::Append(char32_t code_point, ByteSpan origin) {
  RequireRoom(4);
  AppendUtf8(text_, code_point);
  origins_.resize(text_.size(), origin);
}

void AlignedText::AppendPart(const AlignedText& from, std::size_t begin, std::size_t end) {
  const std::string_view text = from.view();
  RequireRoom(end - begin);
  text_ += text.substr(begin, end - begin);
  if (!from.is_source_) {
    origins_.insert(origins_.end(), from.origins_.begin() + static_cast<std::ptrdiff_t>(begin),
                    from.origins_.begin() + static_cast<std::ptrdiff_t>(end));
    return;
  }
  while (begin < end) {
    const std::size_t size = DecodeAt(text, begin).size;
    origins_.resize(origins_.size() + size, from.Origin(begin, begin + size));
    begin += size;
  }
}

ByteSpan FirstOrigin(const AlignedText& text, std::size_t begin) {
  return text.Origin(begin, begin + DecodeAt(text.view(), begin).size);
}

ByteSpan LastOrigin(const AlignedText& text, std::size_t end) {
  std::size_t begin = end - 1;
  while (IsContinuationByte(text.view()[begin])) {
    --begin;
  }
  return text.Origin(begin, end);
}

}  // namespace bertqa
