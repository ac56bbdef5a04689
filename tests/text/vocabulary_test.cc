#include "text/vocabulary.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

/// The message of the error that these lines give, with its code checked.
std::string Complaint(const std::string& lines, ErrorCode code) {
  return ErrorOf(code, [&] { Vocabulary(lines, "vocab.txt"); });
}

TEST(VocabularyTest, LineNumberIsId) {
  const Vocabulary vocabulary("[UNK]\nthe\n##ing\n", "vocab.txt");
  EXPECT_EQ(vocabulary.size(), 3U);
  EXPECT_EQ(vocabulary.Piece(2), "##ing");
  EXPECT_EQ(vocabulary.Find("the"), 1);
  EXPECT_EQ(vocabulary.Find("th"), std::nullopt);
  EXPECT_EQ(vocabulary.Find(""), std::nullopt);
}

TEST(VocabularyTest, TakesCarriageReturnsMarkAndMissingLastBreak) {
  const Vocabulary vocabulary("\xEF\xBB\xBF[UNK]\r\nthe\r\n##ing", "vocab.txt");
  EXPECT_EQ(vocabulary.size(), 3U);
  EXPECT_EQ(vocabulary.Find("[UNK]"), 0);
  EXPECT_EQ(vocabulary.Piece(1), "the");
}

TEST(VocabularyTest, KeepsSpacesThatAreTokens) {
  const Vocabulary vocabulary("a\n\u00A0\n \n", "vocab.txt");
  EXPECT_EQ(vocabulary.Find("\u00A0"), 1);
  EXPECT_EQ(vocabulary.Find(" "), 2);
}

TEST(VocabularyTest, NamesTheLineOfWhatIsWrong) {
  EXPECT_EQ(Complaint("a\n##ed\nb\n##ed\n", ErrorCode::kMalformed),
            "vocab.txt:4: duplicate token \"##ed\" (first at line 2)");
  EXPECT_EQ(Complaint("a\n\nb\n", ErrorCode::kMalformed),
            "vocab.txt:2: expected a token, found an empty line");
  EXPECT_EQ(Complaint("", ErrorCode::kMalformed),
            "vocab.txt:1: expected one token a line, found nothing");
  EXPECT_EQ(Complaint("a\nb\xFF\n", ErrorCode::kBadUtf8),
            "vocab.txt:2: expected UTF-8, found an invalid byte at offset 3 of the file");
}

TEST(VocabularyTest, LongestMatchWinsAndKindsStayApart) {
  const Vocabulary vocabulary("a\nab\n##ab\n##abc\nabcd\n", "vocab.txt");
  EXPECT_EQ(vocabulary.LongestAtBegin("abcx").id, 1);
  EXPECT_EQ(vocabulary.LongestAtBegin("abcx").bytes, 2U);
  EXPECT_EQ(vocabulary.LongestInside("abcx").id, 3);
  EXPECT_EQ(vocabulary.LongestInside("abcx").bytes, 3U);
  EXPECT_EQ(vocabulary.LongestInside("x").bytes, 0U);
  EXPECT_EQ(vocabulary.LongestAtBegin("").bytes, 0U);
}

TEST(VocabularyTest, MatchesWholeCharactersOnly) {
  const Vocabulary vocabulary("\u00E9\ne\n", "vocab.txt");
  EXPECT_EQ(vocabulary.LongestAtBegin("\u00E8").bytes, 0U);  // shares its first byte with é
  EXPECT_EQ(vocabulary.LongestAtBegin("\u00E9\u00E8").bytes, 2U);
}

}  // namespace
}  // namespace bertqa
