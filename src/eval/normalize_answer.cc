#include <string>
#include <string_view>

#include "base/utf8.h"
#include "bertqa/eval.h"
#include "eval/python_unicode.h"

namespace bertqa {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr char32_t kSmallSigma = 0x3C3;
constexpr char32_t kFinalSigma = 0x3C2;
constexpr char32_t kCapitalDottedI = 0x130;
constexpr char32_t kDotAbove = 0x307;

std::u32string Decode(std::string_view text) {
  std::u32string characters;
  characters.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint character = DecodeAt(text, position);
    characters.push_back(character.value);
    position += character.size;
  }
  return characters;
}

/// A capital sigma is final if, characters that case ignores aside, a cased one stands before it
/// and none after it (Unicode, table 3-17; CPython unicodeobject.c, `handle_capital_sigma`).
bool IsFinalSigma(const std::u32string& text, std::size_t index) {
  std::size_t before = index;
  while (before > 0 && SigmaContextOf(text[before - 1]) == SigmaContext::kIgnored) {
    --before;
  }
  if (before == 0 || SigmaContextOf(text[before - 1]) != SigmaContext::kCased) {
    return false;
  }
  std::size_t after = index + 1;
  while (after < text.size() && SigmaContextOf(text[after]) == SigmaContext::kIgnored) {
    ++after;
  }
  return after == text.size() || SigmaContextOf(text[after]) != SigmaContext::kCased;
}

/// `str.lower`.
std::u32string Lower(const std::u32string& text) {
  std::u32string lower;
  lower.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kCapitalSigma) {
      lower.push_back(IsFinalSigma(text, i) ? kFinalSigma : kSmallSigma);
    } else if (text[i] == kCapitalDottedI) {
      lower.push_back(U'i');
      lower.push_back(kDotAbove);
    } else {
      lower.push_back(PythonLower(text[i]));
    }
  }
  return lower;
}

/// `string.punctuation`: the ASCII characters that are neither space, control, letter nor digit.
bool IsPunctuation(char32_t c) {
  return (c >= U'!' && c <= U'/') || (c >= U':' && c <= U'@') || (c >= U'[' && c <= U'`') ||
         (c >= U'{' && c <= U'~');
}

/// Puts a space for each article. `\b(a|an|the)\b` matches where a whole run of word characters is
/// an article.
std::u32string DropArticles(const std::u32string& text) {
  std::u32string kept;
  kept.reserve(text.size());
  for (std::size_t begin = 0; begin < text.size();) {
    if (!IsPythonWord(text[begin])) {
      kept.push_back(text[begin++]);
      continue;
    }
    std::size_t end = begin;
    while (end < text.size() && IsPythonWord(text[end])) {
      ++end;
    }
    const std::u32string_view word = std::u32string_view(text).substr(begin, end - begin);
    if (word == U"a" || word == U"an" || word == U"the") {
      kept.push_back(U' ');
    } else {
      kept.append(word);
    }
    begin = end;
  }
  return kept;
}

/// `" ".join(text.split())`, as UTF-8.
std::string JoinWords(const std::u32string& text) {
  std::string joined;
  bool is_after_space = false;
  for (const char32_t character : text) {
    if (IsPythonSpace(character)) {
      is_after_space = true;
      continue;
    }
    if (is_after_space && !joined.empty()) {
      joined.push_back(' ');
    }
    is_after_space = false;
    AppendUtf8(joined, character);
  }
  return joined;
}

}  // namespace

std::string NormalizeAnswer(std::string_view answer) {
  RequireUtf8(answer, "answer");
  std::u32string text = Lower(Decode(answer));
  std::erase_if(text, IsPunctuation);
  return JoinWords(DropArticles(text));
}

}  // namespace bertqa
