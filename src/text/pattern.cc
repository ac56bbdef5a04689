#include "text/pattern.h"

#include <utility>

#include "base/utf8.h"
#include "text/gpt2_pattern.h"
#include "text/unicode.h"

namespace bertqa {
namespace {

std::size_t SpaceRunEnd(std::string_view text, std::size_t begin) {
  const std::size_t end = text.find_first_not_of(' ', begin);
  return end == std::string_view::npos ? text.size() : end;
}

std::size_t TwoSpacesEnd(std::string_view text, std::size_t begin) {
  const std::size_t end = SpaceRunEnd(text, begin);
  return end - begin >= 2 ? end : begin;
}

std::size_t WhiteSpaceEnd(std::string_view text, std::size_t begin) {
  const CodePoint code_point = DecodeAt(text, begin);
  return PropertiesOf(code_point.value).Is(kWhiteSpace) ? begin + code_point.size : begin;
}

std::size_t WhiteSpaceRunEnd(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size()) {
    const std::size_t next = WhiteSpaceEnd(text, end);
    if (next == end) {
      break;
    }
    end = next;
  }
  return end;
}

}  // namespace

struct Pattern::Known {
  std::string_view expression;
  MatchEnd match_end;
};

const Pattern::Known Pattern::kKnown[] = {
    {" {2,}", TwoSpacesEnd},
    {" +", SpaceRunEnd},
    {R"(\s)", WhiteSpaceEnd},
    {R"(\s+)", WhiteSpaceRunEnd},
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", Gpt2PieceEnd},
    // The same with the contractions put together, as GPT-2's successors spell it.
    {R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", Gpt2PieceEnd},
};

Pattern Pattern::Literal(std::string text) {
  Pattern pattern;
  pattern.literal_ = std::move(text);
  return pattern;
}

std::optional<Pattern> Pattern::Regex(std::string_view expression) {
  for (const Known& known : kKnown) {
    if (known.expression == expression) {
      Pattern pattern;
      pattern.match_end_ = known.match_end;
      return pattern;
    }
  }
  return std::nullopt;
}

std::string Pattern::KnownExpressions() {
  std::string list;
  for (const Known& known : kKnown) {
    list += (list.empty() ? "\"" : ", \"") + std::string(known.expression) + "\"";
  }
  return list;
}

std::optional<ByteSpan> Pattern::Find(std::string_view text, std::size_t from) const {
  if (match_end_ == nullptr) {
    const std::size_t begin = literal_.empty() ? text.npos : text.find(literal_, from);
    return begin == text.npos ? std::nullopt
                              : std::optional(ByteSpan{begin, begin + literal_.size()});
  }
  while (from < text.size()) {
    const std::size_t end = match_end_(text, from);
    if (end > from) {
      return ByteSpan{from, end};
    }
    from += DecodeAt(text, from).size;
  }
  return std::nullopt;
}

}  // namespace bertqa
