// Where google-research/bert tokenization.py would give something else: we follow the oracle. One
// test for each row of the table in docs/tokenizer.md.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bertqa/error.h"
#include "text/split_text.h"
#include "text/wordpiece.h"

namespace bertqa {
namespace {

std::vector<std::string> Texts(const std::string& text) {
  std::vector<std::string> texts;
  for (const SplitWord& word : Split(text, {})) {
    texts.push_back(word.text);
  }
  return texts;
}

using Strings = std::vector<std::string>;

TEST(GoogleBertDifferenceTest, FinalSigmaIsNotSpecial) {
  EXPECT_EQ(Texts("\u039F\u0394\u039F\u03A3"), Strings{"\u03BF\u03B4\u03BF\u03C3"});
}

TEST(GoogleBertDifferenceTest, PrivateUseIsRemoved) {
  EXPECT_EQ(Texts("a\uE000b \U0010FFFD"), Strings{"ab"});
}

TEST(GoogleBertDifferenceTest, WordLimitIsAHundred) {
  const auto tokenizer = MakeWordPiece({"[UNK]", "[CLS]", "[SEP]", "a", "##a"}, {});
  EXPECT_EQ(tokenizer->Encode(std::string(150, 'a')).ids, std::vector<TokenId>{0});
}

TEST(GoogleBertDifferenceTest, PartOfExtensionEIsNotSetApart) {
  EXPECT_EQ(Texts("a\U0002B820b"), Strings{"a\U0002B820b"});
  EXPECT_EQ(Texts("a\U0002B920b"), (Strings{"a", "\U0002B920", "b"}));
}

TEST(GoogleBertDifferenceTest, NewPunctuationStaysInItsWord) {
  EXPECT_EQ(Texts("a\u2E52b"), Strings{"a\u2E52b"});
  EXPECT_EQ(Texts("a\u166Db"), (Strings{"a", "\u166D", "b"}));
}

TEST(GoogleBertDifferenceTest, NewMarksAreKept) {
  EXPECT_EQ(Texts("a\u07FDb"), Strings{"a\u07FDb"});
  EXPECT_EQ(Texts("a\u1734b"), Strings{"ab"});
}

TEST(GoogleBertDifferenceTest, NewFormatCharactersAreKept) {
  EXPECT_EQ(Texts("a\u08E2b"), Strings{"a\u08E2b"});
}

TEST(GoogleBertDifferenceTest, NewLettersHaveLowerCase) {
  EXPECT_EQ(Texts("\u1C89"), Strings{"\u1C8A"});
}

TEST(GoogleBertDifferenceTest, InvalidUtf8IsAnError) {
  const auto tokenizer = MakeWordPiece({"[UNK]", "[CLS]", "[SEP]"}, {});
  EXPECT_THROW(tokenizer->Encode("a\xFF"), Error);
}

TEST(GoogleBertDifferenceTest, VocabularyLinesAreNotTrimmed) {
  const auto tokenizer = MakeWordPiece({"[UNK]", "[CLS]", "[SEP]", "\u3000", "a "}, {});
  EXPECT_EQ(tokenizer->Piece(3), "\u3000");
  EXPECT_EQ(tokenizer->Piece(4), "a ");
}

}  // namespace
}  // namespace bertqa
