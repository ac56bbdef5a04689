#include "io/terminal_text.h"

#include <gtest/gtest.h>

#include <random>

#include "base/utf8.h"
#include "io/random_text.h"

namespace bertqa {
namespace {

TEST(DisplayWidthTest, CountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3U);
  EXPECT_EQ(DisplayWidth("東京"), 4U);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1U);
  EXPECT_EQ(DisplayWidth("█▏…"), 3U);
  EXPECT_EQ(DisplayWidth(""), 0U);
}

TEST(FitColumnsTest, FillsOrCuts) {
  EXPECT_EQ(FitColumns("ab", 4), "ab  ");
  EXPECT_EQ(FitColumns("abcd", 4), "abcd");
  EXPECT_EQ(FitColumns("abcde", 4), "abc…");
  EXPECT_EQ(FitColumns("東京都", 5), "東京…");
  EXPECT_EQ(FitColumns("東京都", 4), "東… ") << "half a character is not shown";
  EXPECT_EQ(FitColumns("ab", 1), "…");
}

TEST(FitColumnsTest, IsExactForAnyText) {
  constexpr unsigned kSeed = 5;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 500; ++round) {
    const std::string text = ToUtf8(RandomCharacters(random, random() % 30));
    const std::size_t columns = 1 + random() % 30;
    const std::string fitted = FitColumns(text, columns);
    ASSERT_EQ(DisplayWidth(fitted), columns) << "seed " << kSeed << ", round " << round;
    ASSERT_FALSE(FindInvalidUtf8(fitted)) << "seed " << kSeed << ", round " << round;
  }
}

TEST(WrapWordsTest, BreaksAtSpaces) {
  EXPECT_EQ(WrapWords("aa bb cc", 5), (std::vector<std::string>{"aa bb", "cc"}));
  EXPECT_EQ(WrapWords("aaaaaaaa b", 5), (std::vector<std::string>{"aaaaa", "aaa b"}))
      << "a word longer than a line is broken";
  EXPECT_EQ(WrapWords("x 東京都", 5), (std::vector<std::string>{"x", "東京", "都"}));
  EXPECT_TRUE(WrapWords("", 5).empty());
}

TEST(FoldSpaceTest, LeavesSingleSpaces) {
  EXPECT_EQ(FoldSpace(" a \t\r\n b  "), "a b");
  EXPECT_EQ(FoldSpace(" \n"), "");
}

TEST(HarmlessTest, ReplacesControlCharacters) {
  EXPECT_EQ(Harmless("a\x1B[31m\x7F\u009B é"), "a\uFFFD[31m\uFFFD\uFFFD é");
}

TEST(PercentTextTest, HasOneDecimal) {
  EXPECT_EQ(PercentText(0.9312F), "93.1 %");
  EXPECT_EQ(PercentText(1), "100.0 %");
  EXPECT_EQ(PercentText(0), "0.0 %");
}

}  // namespace
}  // namespace bertqa
