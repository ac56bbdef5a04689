#include "text/normalizers.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error_of.h"
#include "base/utf8.h"
#include "bertqa/error.h"
#include "text/charsmap.h"

namespace bertqa {
namespace {

/// The normalized text, and where each of its characters came from: "fi [0,3) [0,3)".
std::string Show(const Normalizer& normalizer, std::string_view text) {
  const AlignedText result = normalizer.Apply(AlignedText(text, {0, text.size()}));
  std::string shown(result.view());
  for (std::size_t begin = 0; begin < result.size();) {
    const std::size_t end = begin + DecodeAt(result.view(), begin).size;
    const ByteSpan origin = result.Origin(begin, end);
    shown += " [" + std::to_string(origin.begin) + "," + std::to_string(origin.end) + ")";
    begin = end;
  }
  return shown;
}

constexpr NormalForm kNfc = {.compatibility = false, .compose = true};
constexpr NormalForm kNfd = {.compatibility = false, .compose = false};
constexpr NormalForm kNfkc = {.compatibility = true, .compose = true};

TEST(NormalizersTest, ComposedCharacterComesFromItsFirst) {
  EXPECT_EQ(Show(*MakeNormalForm(kNfc), "e\u0301x"), "\u00E9x [0,1) [3,4)");
  EXPECT_EQ(Show(*MakeNormalForm(kNfc), "\u1112\u1161\u11AB"), "\uD55C [0,3)");
}

TEST(NormalizersTest, PartsShareTheirCharacter) {
  EXPECT_EQ(Show(*MakeNormalForm(kNfd), "\u00E9"), "e\u0301 [0,2) [0,2)");
  EXPECT_EQ(Show(*MakeNormalForm(kNfkc), "\uFB01n"), "fin [0,3) [0,3) [3,4)");
}

TEST(NormalizersTest, BlockedMarksStay) {
  // U+0323 sorts before U+0301, and both compose; a second U+0301 is blocked.
  EXPECT_EQ(Show(*MakeNormalForm(kNfc), "o\u0301\u0323"), "\u1ECD\u0301 [0,1) [3,5)");
  EXPECT_EQ(Show(*MakeNormalForm(kNfc), "x\u0301"), "x\u0301 [0,1) [1,3)");
}

TEST(NormalizersTest, StripAndReplaceAndPrepend) {
  EXPECT_EQ(Show(*MakeStrip(true, true), " \u00A0a b\n"), "a b [3,4) [4,5) [5,6)");
  EXPECT_EQ(Show(*MakeStrip(true, true), " \n"), "");
  EXPECT_EQ(Show(*MakeStrip(false, true), " a "), " a [0,1) [1,2)");
  EXPECT_EQ(Show(*MakeReplace(*Pattern::Regex(" {2,}"), " "), "a   b c"),
            "a b c [0,1) [3,4) [4,5) [5,6) [6,7)");
  EXPECT_EQ(Show(*MakePrepend("_"), "ab"), "_ab [0,1) [0,1) [1,2)");
  EXPECT_EQ(Show(*MakePrepend("_"), ""), "");
}

TEST(NormalizersTest, StepsThatDoubleATextAreStopped) {
  std::vector<std::unique_ptr<Normalizer>> steps;
  for (int i = 0; i < 16; ++i) {
    steps.push_back(MakeReplace(Pattern::Literal("a"), "aa"));
  }
  const auto bomb = MakeNormalizerSequence(std::move(steps));
  EXPECT_EQ(ErrorOf(ErrorCode::kUnsupported, [&] { bomb->Apply(AlignedText("a", {0, 1})); }),
            "text: the tokenizer's normalizer makes more than 4160 bytes of it");
}

TEST(NormalizersTest, WhatGrowsMostInUnicodeFits) {
  std::string text;
  for (int i = 0; i < 10000; ++i) {
    text += "\uFDFA";  // 3 bytes become 33
  }
  const auto decompose = MakeNormalForm({.compatibility = true, .compose = false});
  EXPECT_EQ(decompose->Apply(AlignedText(text, {0, text.size()})).size(), 330000U);
}

TEST(NormalizersTest, LowercaseMayGrow) {
  EXPECT_EQ(Show(*MakeLowercase(), "A\u0130"), "ai\u0307 [0,1) [1,3) [1,3)");
}

/// A map with the one key "\x7F" or "A", by hand: the root's unit, then that of the byte, then the
/// leaf's value.
Charsmap OneByteMap(unsigned char key, const std::string& replacement) {
  std::vector<std::uint32_t> units(256, 0);
  units[0] = 0;                                       // offset 0: the next unit is at `key`
  units[key] = (200U ^ key) << 10U | 1U << 8U | key;  // its leaf is at 200
  units[200] = 0x80000000U;                           // value 0
  std::string bytes;
  const auto append = [&bytes](std::uint32_t unit) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>(unit >> shift & 0xFFU);
    }
  };
  append(static_cast<std::uint32_t>(4 * units.size()));
  for (const std::uint32_t unit : units) {
    append(unit);
  }
  return {bytes + replacement + '\0', "map"};
}

TEST(CharsmapTest, WhatVanishesLeavesOthersInPlace) {
  const auto normalizer = MakePrecompiled(OneByteMap(0x7F, ""));
  EXPECT_EQ(Show(*normalizer,
                 "\x7F"
                 "ab\x7F"
                 "c"),
            "abc [1,2) [2,3) [4,5)");
}

TEST(CharsmapTest, ShortClustersAreReplacedAsAWhole) {
  const auto normalizer = MakePrecompiled(OneByteMap('A', "xyz"));
  EXPECT_EQ(Show(*normalizer, "A"), "xyz [0,1) [0,1) [0,1)");
  EXPECT_EQ(Show(*normalizer, "A\u0301"), "xyz [0,1) [1,3) [1,3)");
  EXPECT_EQ(Show(*normalizer, "A\u0301\u0301\u0301"),  // seven bytes: one by one
            "xyz\u0301\u0301\u0301 [0,1) [0,1) [0,1) [1,3) [3,5) [5,7)");
}

TEST(CharsmapTest, WhatJoinsALongClusterIsReplacedOneByOne) {
  // The conjoining letters are one cluster with the mark behind them.
  const auto normalizer = MakePrecompiled(OneByteMap(0xE1, "x"));
  EXPECT_EQ(Show(*normalizer, "\u1100\u1161\u0301"), "xx\u0301 [0,3) [3,6) [6,8)");
  EXPECT_EQ(Show(*normalizer, "\u1161\u0301"), "x [0,3)");  // five bytes
}

TEST(CharsmapTest, NamesWhatIsWrong) {
  const auto expect = [](const std::string& bytes, const std::string& message) {
    EXPECT_EQ(ErrorOf(ErrorCode::kMalformed, [&] { Charsmap(bytes, "x"); }),
              "x: expected " + message);
  };
  const std::string sizes = "the size of a double array and the array, found the size ";
  expect("", sizes + "0 with 0 bytes");
  expect("abc", sizes + "0 with 3 bytes");
  expect(std::string("\0\0\0\0x", 5), sizes + "0 with 5 bytes");
  expect(std::string("\x08\0\0\0abcd", 8), sizes + "8 with 8 bytes");
  expect(std::string("\x04\0\0\0abcd\xFF", 9), "UTF-8, found other bytes");
}

TEST(DecodeBase64Test, RefusesOtherLetters) {
  EXPECT_FALSE(DecodeBase64("a b"));
  EXPECT_EQ(DecodeBase64("YWI="), "ab");
}

}  // namespace
}  // namespace bertqa
