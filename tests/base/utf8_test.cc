#include "base/utf8.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

std::string RandomText(std::mt19937& random) {
  std::string text;
  std::uniform_int_distribution<char32_t> any(0, 0x10FFFF);
  for (int i = 0; i < 40; ++i) {
    char32_t value = any(random) >> (random() % 17);
    if (value >= 0xD800 && value < 0xE000) {
      value = 'x';
    }
    AppendUtf8(text, value);
  }
  return text;
}

TEST(Utf8Test, EncodedCodePointsDecodeToThemselves) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value == 0xD800) {
      value = 0xE000;
    }
    std::string text;
    AppendUtf8(text, value);
    const CodePoint decoded = DecodeAt(text, 0);
    ASSERT_EQ(decoded.value, value);
    ASSERT_EQ(decoded.size, text.size());
    ASSERT_FALSE(FindInvalidUtf8(text).has_value());
  }
}

TEST(Utf8Test, FindsTheFirstInvalidByte) {
  EXPECT_EQ(FindInvalidUtf8("abc\xFFz"), 3U);
  EXPECT_EQ(FindInvalidUtf8("\xC0\xAF"), 0U) << "overlong slash";
  EXPECT_EQ(FindInvalidUtf8("a\xED\xA0\x80"), 1U) << "surrogate";
  EXPECT_EQ(FindInvalidUtf8("\xF4\x90\x80\x80"), 0U) << "above U+10FFFF";
  EXPECT_EQ(FindInvalidUtf8("é\xE2\x82"), 2U) << "cut in the middle";
  EXPECT_EQ(FindInvalidUtf8("\xE0\x80\x80"), 0U) << "overlong NUL";
  EXPECT_EQ(FindInvalidUtf8(std::string_view("a\0b", 3)), std::nullopt);
}

TEST(Utf8Test, RandomTextIsValidAndAnyCutInsideACharacterIsNot) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::string text = RandomText(random);
    ASSERT_FALSE(FindInvalidUtf8(text).has_value());
    std::size_t count = 0;
    for (std::size_t position = 0; position < text.size(); ++count) {
      const std::size_t size = DecodeAt(text, position).size;
      for (std::size_t cut = 1; cut < size; ++cut) {
        ASSERT_EQ(FindInvalidUtf8(std::string_view(text).substr(0, position + cut)), position);
      }
      position += size;
    }
    ASSERT_EQ(CountCodePoints(text), count);
  }
}

TEST(Utf8Test, ErrorNamesPlaceOffsetAndByte) {
  EXPECT_EQ(ErrorOf(ErrorCode::kBadUtf8, [] { RequireUtf8("ab\xFE", "notes.txt"); }),
            "notes.txt: invalid UTF-8 at byte 2 (0xFE)");
}

TEST(Utf8Test, ByteOrderMarkIsDroppedOnlyAtTheStart) {
  EXPECT_EQ(WithoutByteOrderMark("\xEF\xBB\xBFhi"), "hi");
  EXPECT_EQ(WithoutByteOrderMark("hi\xEF\xBB\xBF"), "hi\xEF\xBB\xBF");
}

}  // namespace
}  // namespace bertqa
