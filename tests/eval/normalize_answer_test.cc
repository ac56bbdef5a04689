#include <gtest/gtest.h>

#include "bertqa/error.h"
#include "bertqa/eval.h"
#include "eval/golden_file.h"

namespace bertqa {
namespace {

TEST(NormalizeAnswerTest, EqualsTheOfficialFunction) {
  const nlohmann::json rows = ReadGolden("eval_normalize.json");
  ASSERT_GT(rows.size(), 1000U);
  for (const nlohmann::json& row : rows) {
    ASSERT_EQ(NormalizeAnswer(row[0].get<std::string>()), row[1].get<std::string>()) << row;
  }
}

TEST(NormalizeAnswerTest, ArticlesGoOnlyAsWholeWords) {
  EXPECT_EQ(NormalizeAnswer("The cat, a dog; an owl"), "cat dog owl");
  EXPECT_EQ(NormalizeAnswer("theatre another banana"), "theatre another banana");
  EXPECT_EQ(NormalizeAnswer("the"), "");
}

TEST(NormalizeAnswerTest, PunctuationGoesBeforeArticles) {
  // "the-" is "the" once the hyphen is gone, and "a.b" is one word.
  EXPECT_EQ(NormalizeAnswer("the- end"), "end");
  EXPECT_EQ(NormalizeAnswer("a.b"), "ab");
  EXPECT_EQ(NormalizeAnswer("a_b the_"), "ab");
}

TEST(NormalizeAnswerTest, OnlyAsciiPunctuationGoes) {
  EXPECT_EQ(NormalizeAnswer("“the end…”"), "“ end…”");
}

TEST(NormalizeAnswerTest, LowerCaseIsPythons) {
  EXPECT_EQ(NormalizeAnswer("İ"), "i\u0307");
  EXPECT_EQ(NormalizeAnswer("ΟΔΟΣ ΣΑ Σ"), "οδος σα σ");
  EXPECT_EQ(NormalizeAnswer("ΑΣ'Α"), "ασα");  // the apostrophe is looked past, then dropped
}

TEST(NormalizeAnswerTest, CombiningMarkEndsTheArticle) {
  EXPECT_EQ(NormalizeAnswer("a\u0301"), "\u0301");
  EXPECT_EQ(NormalizeAnswer("\u00E1"), "\u00E1");
}

TEST(NormalizeAnswerTest, AnyUnicodeSpaceSeparates) {
  EXPECT_EQ(NormalizeAnswer("\u3000x\u00A0 y\n\x1Cz\u2028"), "x y z");
  EXPECT_EQ(NormalizeAnswer("x\u200By"), "x\u200By");
}

TEST(NormalizeAnswerTest, InvalidUtf8Throws) {
  EXPECT_THROW(NormalizeAnswer("x\xFFy"), Error);
}

}  // namespace
}  // namespace bertqa
