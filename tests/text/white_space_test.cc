#include "text/white_space.h"

#include <gtest/gtest.h>

namespace bertqa {
namespace {

TEST(WhiteSpaceTest, IsTrimmedAtBothEndsOfTheSpanOnly) {
  const std::string_view text = "a \t\u3000b c\u00a0\n d";
  EXPECT_EQ(TrimWhiteSpace(text, {1, 13}), (ByteSpan{6, 9}));
  EXPECT_EQ(TrimWhiteSpace(text, {0, text.size()}), (ByteSpan{0, text.size()}));
  EXPECT_EQ(TrimWhiteSpace(text, {6, 8}), (ByteSpan{6, 7}));
  const ByteSpan nothing = TrimWhiteSpace(text, {1, 6});
  EXPECT_EQ(nothing.begin, nothing.end);
  EXPECT_EQ(TrimWhiteSpace("", {0, 0}), (ByteSpan{0, 0}));
}

TEST(WhiteSpaceTest, SpacesAreOneKindOfIt) {
  const std::string_view text = "  \t x \u3000 ";
  EXPECT_EQ(TrimSpaces(text, {0, text.size()}), (ByteSpan{2, text.size() - 1}));
  EXPECT_EQ(TrimWhiteSpace(text, {0, text.size()}), (ByteSpan{4, 5}));
}

TEST(WhiteSpaceTest, WhatOnlyLooksLikeItStays) {
  for (const std::string_view text : {"\u200b", "\ufeff", "\u2581", "\x1c"}) {
    EXPECT_EQ(TrimWhiteSpace(text, {0, text.size()}), (ByteSpan{0, text.size()}));
  }
}

}  // namespace
}  // namespace bertqa
