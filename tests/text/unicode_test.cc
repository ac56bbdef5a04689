#include "text/unicode.h"

#include <gtest/gtest.h>

#include <string>

namespace bertqa {
namespace {

std::u32string Text(const CharacterMapping& mapping) {
  return {mapping.begin(), mapping.end()};
}

TEST(UnicodeTest, ClassesAreTheOracles) {
  EXPECT_TRUE(PropertiesOf(U'\0').Is(kRemoved));
  EXPECT_TRUE(PropertiesOf(0xFFFD).Is(kRemoved));
  EXPECT_TRUE(PropertiesOf(0x00AD).Is(kRemoved));     // soft hyphen, Cf
  EXPECT_TRUE(PropertiesOf(0x0085).Is(kRemoved));     // NEL is Cc before it is white space
  EXPECT_TRUE(PropertiesOf(0x10FFFD).Is(kRemoved));   // private use
  EXPECT_FALSE(PropertiesOf(0x10FFFF).Is(kRemoved));  // unassigned
  EXPECT_TRUE(PropertiesOf(U'\t').Is(kSpace));
  EXPECT_TRUE(PropertiesOf(0x00A0).Is(kSpace));
  EXPECT_TRUE(PropertiesOf(0x2029).Is(kSpace));
  EXPECT_TRUE(PropertiesOf(U'$').Is(kPunctuation));     // a symbol, but ASCII
  EXPECT_FALSE(PropertiesOf(0x20AC).Is(kPunctuation));  // the euro sign is a symbol
  EXPECT_TRUE(PropertiesOf(0x0301).Is(kNonspacingMark));
  EXPECT_EQ(PropertiesOf(0x0301).combining_class, 230);
  EXPECT_EQ(PropertiesOf(0x0345).combining_class, 240);
}

TEST(UnicodeTest, ClassesOfOldAndNewUnicodeVersionsAreTheOraclesToo) {
  EXPECT_TRUE(PropertiesOf(0x166D).Is(kPunctuation));   // a symbol since Unicode 12
  EXPECT_FALSE(PropertiesOf(0x2E52).Is(kPunctuation));  // punctuation since Unicode 14
  EXPECT_FALSE(PropertiesOf(0x07FD).Is(kNonspacingMark));
  EXPECT_TRUE(PropertiesOf(0x1734).Is(kNonspacingMark));
}

TEST(UnicodeTest, ChineseBlocksHaveTheOraclesGap) {
  EXPECT_TRUE(PropertiesOf(0x2B81F).Is(kChinese));
  EXPECT_FALSE(PropertiesOf(0x2B820).Is(kChinese));
  EXPECT_FALSE(PropertiesOf(0x2B91F).Is(kChinese));
  EXPECT_TRUE(PropertiesOf(0x2B920).Is(kChinese));
  EXPECT_FALSE(PropertiesOf(0x3042).Is(kChinese));  // Hiragana
}

TEST(UnicodeTest, DecomposesFullyAndCanonically) {
  EXPECT_EQ(Text(Decompose(U'x')), U"x");
  EXPECT_EQ(Text(Decompose(0x1EA5)), U"a\u0302\u0301");
  EXPECT_EQ(Text(Decompose(0x1F82)), U"\u03B1\u0313\u0300\u0345");
  EXPECT_EQ(Text(Decompose(0xAC00)), U"\u1100\u1161");
  EXPECT_EQ(Text(Decompose(0xD7A3)), U"\u1112\u1175\u11C2");
  EXPECT_EQ(Text(Decompose(0xFB01)), U"\uFB01");  // a ligature is a compatibility mapping
}

TEST(UnicodeTest, LowercaseHasNoContext) {
  EXPECT_EQ(Text(Lowercase(U'A')), U"a");
  EXPECT_EQ(Text(Lowercase(0x03A3)), U"\u03C3");
  EXPECT_EQ(Text(Lowercase(0x0130)), U"i\u0307");
  EXPECT_EQ(Text(Lowercase(0x1E9E)), U"\u00DF");
  EXPECT_EQ(Text(Lowercase(0x00DF)), U"\u00DF");
}

}  // namespace
}  // namespace bertqa
