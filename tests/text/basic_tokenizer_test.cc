#include "text/basic_tokenizer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "text/split_text.h"

namespace bertqa {
namespace {

using Words = std::vector<SplitWord>;

constexpr BasicTokenizerOptions kUncased = {};
constexpr BasicTokenizerOptions kCased = {
    .lowercase = false, .strip_accents = false, .tokenize_chinese_chars = true};
constexpr BasicTokenizerOptions kUncasedWithAccents = {
    .lowercase = true, .strip_accents = false, .tokenize_chinese_chars = true};
constexpr BasicTokenizerOptions kCasedStripped = {
    .lowercase = false, .strip_accents = true, .tokenize_chinese_chars = true};

/// One row: what a text becomes. Spans are bytes.
struct Row {
  const char* name;
  std::string text;
  BasicTokenizerOptions options;
  Words words;
};

class BasicTokenizerTest : public testing::TestWithParam<Row> {};

TEST_P(BasicTokenizerTest, SplitsAsTheOracle) {
  EXPECT_EQ(Split(GetParam().text, GetParam().options), GetParam().words);
}

const std::string kNulInside("a\0b", 3);

INSTANTIATE_TEST_SUITE_P(
    Plain, BasicTokenizerTest,
    testing::Values(
        Row{"Empty", "", kUncased, {}},
        Row{"OnlySpaces", " \t\r\n\u00A0\u3000\u2028", kUncased, {}},
        Row{"Spaces",
            " \tGood \n day! ",
            kUncased,
            {{"good", {2, 6}}, {"day", {9, 12}}, {"!", {12, 13}}}},
        Row{"CaseKept", " Good DAY? ", kCased, {{"Good", {1, 5}}, {"DAY", {6, 9}}, {"?", {9, 10}}}},
        Row{"AsciiSymbolsArePunctuation",
            "a$b^2",
            kUncased,
            {{"a", {0, 1}}, {"$", {1, 2}}, {"b", {2, 3}}, {"^", {3, 4}}, {"2", {4, 5}}}},
        Row{"UnicodePunctuation",
            "a\u2014b",
            kUncased,
            {{"a", {0, 1}}, {"\u2014", {1, 4}}, {"b", {4, 5}}}},
        Row{"OtherSymbolsAreNot", "5\u20AC", kUncased, {{"5\u20AC", {0, 4}}}},
        Row{"SpecialTokensAreText",
            "[SEP]",
            kUncased,
            {{"[", {0, 1}}, {"sep", {1, 4}}, {"]", {4, 5}}}},
        Row{"Ideographs",
            "ab\u5341\u4E8Cc",
            kUncased,
            {{"ab", {0, 2}}, {"\u5341", {2, 5}}, {"\u4E8C", {5, 8}}, {"c", {8, 9}}}},
        Row{"IdeographsLeftTogether",
            "ab\u5341\u4E8Cc",
            {.lowercase = true, .strip_accents = true, .tokenize_chinese_chars = false},
            {{"ab\u5341\u4E8Cc", {0, 9}}}}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Removed, BasicTokenizerTest,
    testing::Values(Row{"NulInside", kNulInside, kUncased, {{"ab", {0, 3}}}},
                    Row{"ReplacementCharacter", "a\uFFFDb \uFFFD", kUncased, {{"ab", {0, 5}}}},
                    Row{"SoftHyphen", "co\u00ADop", kCased, {{"coop", {0, 6}}}},
                    Row{"ZeroWidthJoiner", "a\u200Db", kUncased, {{"ab", {0, 5}}}},
                    Row{"PrivateUse", "a\uE000b", kUncased, {{"ab", {0, 5}}}},
                    Row{"AtTheEdges", "\u200Bab\u200B", kUncased, {{"ab", {3, 5}}}},
                    Row{"ControlAtTheEnd", "ab\x7F c", kUncased, {{"ab", {0, 2}}, {"c", {4, 5}}}},
                    Row{"UnassignedStays", "a\u0378b", kUncased, {{"a\u0378b", {0, 4}}}}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Accents, BasicTokenizerTest,
    testing::Values(
        Row{"Composed", "H\u00E9llo", kUncased, {{"hello", {0, 6}}}},
        Row{"Combining", "He\u0301llo", kUncased, {{"hello", {0, 7}}}},
        Row{"MarkAtTheEndIsOutside", "e\u0301 x", kUncased, {{"e", {0, 1}}, {"x", {4, 5}}}},
        Row{"MarkAlone", "\u0301 x", kUncased, {{"x", {3, 4}}}},
        Row{"MarkAfterRemoved", "a\u200B\u0301b", kUncased, {{"ab", {0, 7}}}},
        Row{"KeptIfAskedFor", "H\u00C9llo", kUncasedWithAccents, {{"h\u00E9llo", {0, 6}}}},
        Row{"StrippedWithoutLowercase", "H\u00C9llo", kCasedStripped, {{"HEllo", {0, 6}}}},
        Row{"SlashedRelationIsPunctuation",
            "x\u2260y",
            kUncased,
            {{"x", {0, 1}}, {"=", {1, 4}}, {"y", {4, 5}}}},
        Row{"GreekQuestionMark",
            "a\u037Eb",
            kUncased,
            {{"a", {0, 1}}, {";", {1, 3}}, {"b", {3, 4}}}},
        Row{"HangulBecomesJamo", "\uD55C", kUncased, {{"\u1112\u1161\u11AB", {0, 3}}}},
        Row{"HangulCased", "\uD55C", kCased, {{"\uD55C", {0, 3}}}},
        Row{"LigatureStays", "\uFB01ne", kUncased, {{"\uFB01ne", {0, 5}}}}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Case, BasicTokenizerTest,
    testing::Values(
        Row{"DottedCapitalI", "\u0130x", kUncased, {{"ix", {0, 3}}}},
        Row{"DottedCapitalIWithAccents", "\u0130x", kUncasedWithAccents, {{"i\u0307x", {0, 3}}}},
        Row{"DotlessI", "\u0131", kUncased, {{"\u0131", {0, 2}}}},
        Row{"SharpS", "\u1E9E\u00DF", kUncased, {{"\u00DF\u00DF", {0, 5}}}},
        Row{"KelvinSign", "\u212A", kUncased, {{"k", {0, 3}}}},
        Row{"FinalSigmaHasNoContext", "\u03A3\u03A3", kUncased, {{"\u03C3\u03C3", {0, 4}}}},
        Row{"EmojiWithJoiners",
            "\U0001F469\u200D\U0001F467 x",
            kUncased,
            {{"\U0001F469\U0001F467", {0, 11}}, {"x", {12, 13}}}}),
    [](const auto& row) { return std::string(row.param.name); });

/// The origin of each byte of a one-word text.
class OriginCollector : public WordSink {
 public:
  void OnWord(const Word& word) override {
    for (std::size_t i = 0; i < word.text.size(); ++i) {
      origins.push_back(word.Origin(i, i + 1));
    }
  }
  std::vector<ByteSpan> origins;
};

TEST(WordOriginTest, RemovedCharactersBelongToNoNeighbour) {
  OriginCollector collector;
  SplitWords("a\u00ADB\u00E9c", kUncased, collector);
  EXPECT_EQ(collector.origins, (std::vector<ByteSpan>{{0, 1}, {3, 4}, {4, 6}, {6, 7}}));
}

// U+302E (Hangul tone mark, class 224) is no "non-spacing" mark, so it stays. Reordering puts it
// before U+0301 (230), and there the oracle gives it the place of the mark that stood there.
TEST(WordOriginTest, ReorderedMarksTakeTheOriginsInTheirOldOrder) {
  OriginCollector plain;
  SplitWords("a\u0301\u302E", kUncased, plain);
  ASSERT_EQ(plain.origins.size(), 4U);
  EXPECT_EQ(plain.origins[1], (ByteSpan{1, 3}));  // swapped: it has the place of U+0301
  OriginCollector sorted;
  SplitWords("a\u0323\u302E", kUncased, sorted);
  ASSERT_EQ(sorted.origins.size(), 4U);
  EXPECT_EQ(sorted.origins[1], (ByteSpan{3, 6}));
}

// U+1D15F is U+1D158 U+1D165 (216, stays), U+0F73 is U+0F71 U+0F72 (129, 130, both go): sorted
// last, U+1D165 is no first piece and takes the place of its new predecessor.
TEST(WordOriginTest, ReorderingAmongDecomposedMarksAlone) {
  OriginCollector collector;
  SplitWords("\U0001D15F\u0F73", kUncased, collector);
  ASSERT_EQ(collector.origins.size(), 8U);
  EXPECT_EQ(collector.origins[3], (ByteSpan{0, 4}));
  EXPECT_EQ(collector.origins[4], (ByteSpan{4, 7}));
}

}  // namespace
}  // namespace bertqa
