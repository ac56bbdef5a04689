#include "io/json_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <random>

#include "io/random_text.h"

namespace bertqa {
namespace {

constexpr unsigned kSeed = 4711;

TEST(NumberTextTest, FloatsReadBackToTheSameBits) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (std::isfinite(value)) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(std::strtof(NumberText(value).c_str(), nullptr)),
                std::bit_cast<std::uint32_t>(value))
          << "seed " << kSeed << ": " << NumberText(value);
    }
  }
}

TEST(NumberTextTest, DoublesReadBackToTheSameBits) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(static_cast<std::uint64_t>(random()));
    if (std::isfinite(value)) {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(std::strtod(NumberText(value).c_str(), nullptr)),
                std::bit_cast<std::uint64_t>(value))
          << "seed " << kSeed << ": " << NumberText(value);
    }
  }
}

TEST(NumberTextTest, FloatsAreAsShortAsFloatsCanBe) {
  EXPECT_EQ(NumberText(0.1F), "0.1");
  EXPECT_EQ(NumberText(0.93F), "0.93");
  EXPECT_EQ(NumberText(14.71F), "14.71");
  EXPECT_EQ(NumberText(0.0F), "0");
  EXPECT_EQ(NumberText(1.0F), "1");
  EXPECT_EQ(NumberText(0.1), "0.1");
}

TEST(NumberTextTest, IsJson) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < 2'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (std::isfinite(value)) {
      ASSERT_FALSE(CheckJson(NumberText(value))) << NumberText(value);
    }
  }
}

TEST(PythonNumberTextTest, IsWhatReprWrites) {
  EXPECT_EQ(PythonNumberText(100), "100.0");
  EXPECT_EQ(PythonNumberText(0), "0.0");
  EXPECT_EQ(PythonNumberText(-0.5), "-0.5");
  EXPECT_EQ(PythonNumberText(0.0001), "0.0001");
  EXPECT_EQ(PythonNumberText(0.00001), "1e-05");
  EXPECT_EQ(PythonNumberText(1e16), "1e+16");
  EXPECT_EQ(PythonNumberText(1e15), "1000000000000000.0");
  EXPECT_EQ(PythonNumberText(1.5e300), "1.5e+300");
  EXPECT_EQ(PythonNumberText(83.33333333333333), "83.33333333333333");
}

TEST(JsonStringTest, ReadsBackForAnyText) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < 300; ++i) {
    const std::string text =
        ToUtf8(RandomCharacters(random, 30)) + std::string("\0\x01\"\\\n\x7F", 6);
    const std::string json = JsonString(text);
    ASSERT_FALSE(CheckJson(json)) << "seed " << kSeed;
    ASSERT_EQ(DecodeJsonString(json), text) << "seed " << kSeed;
    ASSERT_EQ(json.find('\n'), std::string::npos) << "one record, one line";
  }
}

TEST(JsonStringTest, LeavesTextReadable) {
  EXPECT_EQ(JsonString("Zürich \"é\" 東京"), R"("Zürich \"é\" 東京")");
}

bool IsEncodingProblem(std::string_view json) {
  const std::optional<JsonProblem> problem = CheckJson(json);
  return problem && problem->is_encoding;
}

bool IsSyntaxProblem(std::string_view json) {
  const std::optional<JsonProblem> problem = CheckJson(json);
  return problem && !problem->is_encoding;
}

TEST(CheckJsonTest, FindsLoneSurrogates) {
  EXPECT_TRUE(IsEncodingProblem(R"("\ud800")")) << "high";
  EXPECT_TRUE(IsEncodingProblem(R"("\udc00")")) << "low";
  EXPECT_TRUE(IsEncodingProblem(R"("\udc00\ud800")")) << "swapped";
  EXPECT_TRUE(IsEncodingProblem(R"("\ud83dx\ude00")")) << "torn apart";
  EXPECT_TRUE(IsEncodingProblem(R"("\ud83d\ud83d\ude00")")) << "high, then a pair";
  EXPECT_TRUE(IsEncodingProblem(R"("\uD83D\u0041")")) << "high, then a letter";
  EXPECT_TRUE(IsEncodingProblem(R"({"\udfff":1})")) << "in a key";
  EXPECT_TRUE(IsEncodingProblem(R"("\\\ud800")")) << "after an escaped backslash";
}

TEST(CheckJsonTest, TakesPairsAndEscapedBackslashes) {
  EXPECT_FALSE(CheckJson(R"("\ud83d\ude00")"));
  EXPECT_FALSE(CheckJson(R"("\uD83D\uDE00\uD83D\uDE00")"));
  EXPECT_FALSE(CheckJson(R"("\\ud800")")) << "a backslash, then plain text";
  EXPECT_FALSE(CheckJson(R"("\\\\udc00")"));
  EXPECT_FALSE(CheckJson(R"("\ud7ff\ue000")"));
}

TEST(CheckJsonTest, NamesThePlaceOfALoneSurrogate) {
  EXPECT_EQ(CheckJson(R"({"a":"\ud800"})")->message, R"(lone surrogate escape \ud800 at byte 6)");
}

TEST(CheckJsonTest, FindsInvalidUtf8BeforeAnythingElse) {
  EXPECT_TRUE(IsEncodingProblem("\"\xFF\""));
  EXPECT_TRUE(IsEncodingProblem("\"\xED\xA0\x80\"")) << "a surrogate in bytes";
  EXPECT_TRUE(IsEncodingProblem("\"\xC0\xAF\"")) << "overlong";
  EXPECT_TRUE(IsEncodingProblem("\"\xE6\x9D\"")) << "cut short";
  EXPECT_EQ(CheckJson("{\"a\":\"b\xFF\"}")->message, "invalid UTF-8 at byte 7");
}

TEST(CheckJsonTest, FindsRepeatedKeysAtAnyDepth) {
  EXPECT_EQ(CheckJson(R"({"a":1,"b":2,"a":3})")->message, R"(repeated key "a")");
  EXPECT_TRUE(IsSyntaxProblem(R"({"x":[{"y":{"a":1,"a":1}}]})"));
  EXPECT_TRUE(IsSyntaxProblem(R"({"a":1,"\u0061":2})")) << "the same key, escaped";
  EXPECT_FALSE(CheckJson(R"({"a":{"a":1},"b":{"a":1},"c":[{"a":1},{"a":2}]})"));
}

TEST(CheckJsonTest, FindsBrokenSyntax) {
  for (const std::string_view json :
       {"",     " ",       "{",      "{}}",       "{} {}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
        "[1,]", "nul",     "'a'",    "01",        "1.",    "+1",      "NaN",      "Infinity",
        "\"a",  "\"\\x\"", "\"\t\"", "\"\\u12\"", "{a:1}", "/*c*/1"}) {
    EXPECT_TRUE(IsSyntaxProblem(json)) << json;
  }
  EXPECT_TRUE(IsSyntaxProblem(std::string_view("\"\0\"", 3))) << "a NUL byte in a string";
  EXPECT_TRUE(IsSyntaxProblem(std::string_view("{}\0", 3))) << "a NUL byte after the value";
  EXPECT_EQ(CheckJson(std::string_view("{}\0{]", 5))->message, "not valid JSON at byte 2");
}

TEST(CheckJsonTest, TakesAnEscapedNul) {
  EXPECT_FALSE(CheckJson(R"("\u0000")"));
  EXPECT_EQ(DecodeJsonString(R"("a\u0000b")"), std::string("a\0b", 3));
}

TEST(CheckJsonTest, BoundsNestingWithoutOverflowingTheStack) {
  EXPECT_FALSE(CheckJson(std::string(500, '[') + std::string(500, ']')));
  EXPECT_EQ(CheckJson(std::string(1'000'000, '['))->message, "nested deeper than 512 levels");
}

TEST(CheckJsonTest, SaysThatANumberIsOutOfRange) {
  EXPECT_EQ(CheckJson("[1e999]")->message, "a number is out of range");
  EXPECT_FALSE(CheckJson("[1e308,-1e-400,123456789012345678901234567890]"));
}

TEST(SplitObjectTest, KeepsValuesAsTheyAreWritten) {
  const std::string json =
      R"( { "a" : 1.0 , "b\u0041":"x\u0041\"}" ,"c":{ "d":[1, "]}", {}] },"e":[],"f":null,"g":-1e5} )";
  const std::vector<JsonMember> members = SplitObject(json);
  ASSERT_EQ(members.size(), 6U);
  EXPECT_EQ(members[0].key, "a");
  EXPECT_EQ(members[0].value, "1.0");
  EXPECT_EQ(members[1].key, "bA");
  EXPECT_EQ(members[1].value, R"("x\u0041\"}")");
  EXPECT_EQ(members[2].value, R"({ "d":[1, "]}", {}] })");
  EXPECT_EQ(members[3].value, "[]");
  EXPECT_EQ(members[4].value, "null");
  EXPECT_EQ(members[5].value, "-1e5");
}

TEST(SplitListTest, KeepsItemsAsTheyAreWritten) {
  const std::string json = R"( [1, "a,]" ,{"b":[2]},[ ],null] )";
  EXPECT_EQ(SplitList(json),
            (std::vector<std::string_view>{"1", R"("a,]")", R"({"b":[2]})", "[ ]", "null"}));
  EXPECT_TRUE(SplitList(" [ ] ").empty());
}

TEST(SplitObjectTest, TakesAnEmptyObject) {
  EXPECT_TRUE(SplitObject("{}").empty());
  EXPECT_TRUE(SplitObject(" {\t} ").empty());
}

TEST(JsonTypeNameTest, NamesEveryType) {
  EXPECT_EQ(JsonTypeName("\"a\""), "a string");
  EXPECT_EQ(JsonTypeName("{}"), "an object");
  EXPECT_EQ(JsonTypeName("[]"), "a list");
  EXPECT_EQ(JsonTypeName("true"), "a boolean");
  EXPECT_EQ(JsonTypeName("false"), "a boolean");
  EXPECT_EQ(JsonTypeName("null"), "null");
  EXPECT_EQ(JsonTypeName("-1"), "a number");
}

TEST(DecodeJsonIntegerTest, TakesWholeNumbersOnly) {
  EXPECT_EQ(DecodeJsonInteger("0"), 0);
  EXPECT_EQ(DecodeJsonInteger("-12"), -12);
  EXPECT_EQ(DecodeJsonInteger("3.0"), 3);
  EXPECT_EQ(DecodeJsonInteger("3e2"), 300);
  EXPECT_EQ(DecodeJsonInteger("9007199254740992"), 9007199254740992);
  EXPECT_EQ(DecodeJsonInteger("3.5"), std::nullopt);
  EXPECT_EQ(DecodeJsonInteger("1e-3"), std::nullopt);
  EXPECT_EQ(DecodeJsonInteger("9007199254740994"), std::nullopt);
  EXPECT_EQ(DecodeJsonInteger("1e300"), std::nullopt);
  EXPECT_EQ(DecodeJsonInteger("1e999"), std::nullopt);
}

}  // namespace
}  // namespace bertqa
