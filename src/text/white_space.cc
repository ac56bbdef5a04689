#include "text/white_space.h"

#include "base/utf8.h"
#include "text/unicode.h"

namespace bertqa {
namespace {

template <typename Predicate>
ByteSpan Trim(std::string_view text, ByteSpan span, const Predicate& is_space) {
  while (span.begin < span.end) {
    const CodePoint first = DecodeAt(text, span.begin);
    if (!is_space(first.value)) {
      break;
    }
    span.begin += first.size;
  }
  while (span.begin < span.end) {
    std::size_t last = span.end - 1;
    while (IsContinuationByte(text[last])) {
      --last;
    }
    if (!is_space(DecodeAt(text, last).value)) {
      break;
    }
    span.end = last;
  }
  return span;
}

}  // namespace

ByteSpan TrimSpaces(std::string_view text, ByteSpan span) {
  return Trim(text, span, [](char32_t code_point) { return code_point == U' '; });
}

ByteSpan TrimWhiteSpace(std::string_view text, ByteSpan span) {
  return Trim(text, span,
              [](char32_t code_point) { return PropertiesOf(code_point).Is(kWhiteSpace); });
}

}  // namespace bertqa
