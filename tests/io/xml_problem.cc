#include "io/xml_problem.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <vector>

#include "base/utf8.h"

namespace bertqa {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-";

bool HasBadReference(std::string_view text) {
  constexpr std::array<std::string_view, 5> kKnown = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  for (std::size_t at = text.find('&'); at != text.npos; at = text.find('&', at + 1)) {
    bool is_known = false;
    for (const std::string_view reference : kKnown) {
      is_known = is_known || text.substr(at).starts_with(reference);
    }
    if (!is_known) {
      return true;
    }
  }
  return false;
}

std::string_view TakeWhile(std::string_view& rest, std::string_view characters) {
  const std::string_view taken = rest.substr(0, rest.find_first_not_of(characters));
  rest.remove_prefix(taken.size());
  return taken;
}

/// ` name="value"` off the beginning of `rest`.
bool TakeAttribute(std::string_view& rest) {
  if (TakeWhile(rest, " ").empty() || TakeWhile(rest, kNameCharacters).empty() ||
      !rest.starts_with("=\"")) {
    return false;
  }
  rest.remove_prefix(2);
  const std::size_t end = rest.find_first_of("\"<");
  if (end == rest.npos || rest[end] == '<' || HasBadReference(rest.substr(0, end))) {
    return false;
  }
  rest.remove_prefix(end + 1);
  return true;
}

/// One tag off the beginning of `rest`, which starts with "<".
std::string TakeTag(std::string_view& rest, std::vector<std::string_view>& open) {
  const std::string_view tag = rest.substr(0, 60);
  rest.remove_prefix(1);
  const bool closes = rest.starts_with('/');
  rest.remove_prefix(closes ? 1 : 0);
  const std::string_view name = TakeWhile(rest, kLetters);
  while (!closes && rest.starts_with(' ') && !rest.starts_with(" /")) {
    if (!TakeAttribute(rest)) {
      return "broken at " + std::string(tag);
    }
  }
  TakeWhile(rest, " ");
  const bool is_empty = !closes && rest.starts_with('/');
  rest.remove_prefix(is_empty ? 1 : 0);
  if (name.empty() || !rest.starts_with('>')) {
    return "broken at " + std::string(tag);
  }
  rest.remove_prefix(1);
  if (closes && (open.empty() || open.back() != name)) {
    return "</" + std::string(name) + "> closes nothing";
  }
  if (closes) {
    open.pop_back();
  } else if (!is_empty) {
    open.push_back(name);
  }
  return "";
}

}  // namespace

std::string XmlProblem(const std::string& xml) {
  if (FindInvalidUtf8(xml)) {
    return "not UTF-8";
  }
  for (std::size_t at = 0; at < xml.size();) {
    const CodePoint character = DecodeAt(xml, at);
    const char32_t c = character.value;
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0xFFFE || c == 0xFFFF) {
      return "a character that XML forbids at " + std::to_string(at);
    }
    at += character.size;
  }
  std::vector<std::string_view> open;
  for (std::string_view rest = xml; !rest.empty();) {
    const std::string_view text = rest.substr(0, rest.find('<'));
    if (text.find('>') != text.npos || HasBadReference(text)) {
      return "broken at " + std::string(text.substr(0, 60));
    }
    rest.remove_prefix(text.size());
    if (!rest.empty()) {
      const std::string problem = TakeTag(rest, open);
      if (!problem.empty()) {
        return problem;
      }
    }
  }
  return open.empty() ? "" : "<" + std::string(open.back()) + "> is open";
}

std::size_t CountOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

namespace {

TEST(XmlProblemTest, FindsWhatIsBroken) {
  EXPECT_EQ(XmlProblem("<svg a=\"1\"><g>a &amp; b</g><rect x=\"2\"/></svg>\n"), "");
  EXPECT_EQ(XmlProblem("<svg a=\"1\" /><rect x=\"2\" b-c=\"&lt;\"/>"), "");
  for (const char* const broken :
       {"<svg>a & b</svg>", "<svg><g></svg>", "<svg>", "<svg>\x01</svg>", "<svg a=\"<\"></svg>",
        "<svg a=\"&\"></svg>", "<svg a=1></svg>", "<svg a=\"1\"b=\"2\"></svg>", "</svg>", "a > b",
        "<svg a=\"1", "\xFF"}) {
    EXPECT_NE(XmlProblem(broken), "") << broken;
  }
}

}  // namespace
}  // namespace bertqa
