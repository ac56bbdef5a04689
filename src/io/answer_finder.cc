#include "io/answer_finder.h"

#include <utility>

#include "base/utf8.h"
#include "io/json_text.h"

namespace bertqa {
namespace {

/// Messages show no more of a text.
constexpr std::size_t kShownCharacters = 60;

/// The byte offset `count` characters after `begin`, or the text's end if there are fewer.
std::size_t SkipCharacters(std::string_view text, std::size_t begin, std::size_t count) {
  std::size_t position = begin;
  while (position < text.size() && count > 0) {
    position += DecodeAt(text, position).size;
    --count;
  }
  return position;
}

/// `text` as JSON, cut if it is long.
std::string Quote(std::string_view text) {
  const std::size_t end = SkipCharacters(text, 0, kShownCharacters);
  return JsonString(std::string(text.substr(0, end)) + (end < text.size() ? "…" : ""));
}

std::string Expectation(const LabelledAnswer& answer) {
  return "answer " + Quote(answer.text) + " is expected at " +
         (answer.start ? std::to_string(*answer.start) : "its offset");
}

}  // namespace

std::optional<ByteSpan> AnswerFinder::Find(const LabelledAnswer& answer) {
  if (answer.text.empty()) {
    return Miss("an answer is expected, its text is empty");
  }
  if (!answer.start) {
    return Miss(Expectation(answer) + ", found none");
  }
  if (*answer.start < 0) {
    return Miss(Expectation(answer) + ", offsets begin at 0");
  }
  const std::size_t begin = SkipCharacters(context_, 0, static_cast<std::size_t>(*answer.start));
  if (begin == context_.size()) {
    return Miss(Expectation(answer) + ", the context has " +
                std::to_string(CountCodePoints(context_)) + " characters");
  }
  if (!context_.substr(begin).starts_with(answer.text)) {
    const std::size_t end = SkipCharacters(context_, begin, CountCodePoints(answer.text));
    return Miss(Expectation(answer) + ", found " + Quote(context_.substr(begin, end - begin)));
  }
  return ByteSpan{begin, begin + answer.text.size()};
}

std::nullopt_t AnswerFinder::Miss(std::string why_not) {
  if (why_not_.empty()) {
    why_not_ = std::move(why_not);
  }
  return std::nullopt;
}

}  // namespace bertqa
