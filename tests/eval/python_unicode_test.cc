#include "eval/python_unicode.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "eval/golden_file.h"

namespace bertqa {
namespace {

constexpr std::size_t kCodePoints = 0x110000;

bool IsSurrogate(std::size_t code_point) {
  return code_point >= 0xD800 && code_point < 0xE000;
}

/// One value a code point out of rows [first, last, value]; `fallback` where no row is.
template <typename Value>
std::vector<Value> Expand(const nlohmann::json& rows, const Value& fallback) {
  std::vector<Value> values(kCodePoints, fallback);
  for (const nlohmann::json& row : rows) {
    for (std::size_t c = row[0]; c <= row[1].get<std::size_t>(); ++c) {
      values[c] = row[2].get<Value>();
    }
  }
  return values;
}

TEST(PythonUnicodeTest, WordCharactersAreThoseOfPython) {
  const auto is_word = Expand<bool>(ReadGolden("eval_characters.json")["word"], false);
  for (std::size_t c = 0; c < kCodePoints; ++c) {
    if (!IsSurrogate(c)) {
      ASSERT_EQ(IsPythonWord(static_cast<char32_t>(c)), is_word[c]) << "code point " << c;
    }
  }
}

TEST(PythonUnicodeTest, SpacesAreThoseOfPython) {
  const auto is_space = Expand<bool>(ReadGolden("eval_characters.json")["space"], false);
  for (std::size_t c = 0; c < kCodePoints; ++c) {
    if (!IsSurrogate(c)) {
      ASSERT_EQ(IsPythonSpace(static_cast<char32_t>(c)), is_space[c]) << "code point " << c;
    }
  }
}

TEST(PythonUnicodeTest, LowerCaseIsThatOfPython) {
  const nlohmann::json table = ReadGolden("eval_characters.json");
  ASSERT_EQ(table["longer_when_lowered"], nlohmann::json::array({0x130}));
  const auto shift = Expand<std::int32_t>(table["lower"], 0);
  for (std::size_t c = 0; c < kCodePoints; ++c) {
    if (!IsSurrogate(c) && c != 0x130) {
      ASSERT_EQ(static_cast<std::int32_t>(PythonLower(static_cast<char32_t>(c))),
                static_cast<std::int32_t>(c) + shift[c])
          << "code point " << c;
    }
  }
}

TEST(PythonUnicodeTest, SigmaContextIsThatOfPython) {
  const auto context = Expand<std::string>(ReadGolden("eval_characters.json")["sigma"], "other");
  for (std::size_t c = 0; c < kCodePoints; ++c) {
    if (IsSurrogate(c)) {
      continue;
    }
    const SigmaContext expected = context[c] == "cased"     ? SigmaContext::kCased
                                  : context[c] == "ignored" ? SigmaContext::kIgnored
                                                            : SigmaContext::kOther;
    ASSERT_EQ(SigmaContextOf(static_cast<char32_t>(c)), expected) << "code point " << c;
  }
}

}  // namespace
}  // namespace bertqa
