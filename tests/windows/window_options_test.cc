#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "bertqa/error.h"
#include "bertqa/window.h"

namespace bertqa {
namespace {

constexpr std::size_t kSpecialTokens = 3;

std::string MessageOf(const WindowOptions& options) {
  try {
    options.Validate(kSpecialTokens);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    return error.what();
  }
  return "";
}

TEST(WindowOptionsTest, DefaultsAreValid) {
  EXPECT_EQ(MessageOf({}), "");
}

TEST(WindowOptionsTest, OneTokenOfStepIsEnough) {
  EXPECT_EQ(MessageOf({3 + 64 + 128 + 1, 128, 64}), "");
  EXPECT_EQ(MessageOf({3 + 1 + 0 + 1, 0, 1}), "");
}

TEST(WindowOptionsTest, NoStepNamesTheOptionsAndTheirValues) {
  EXPECT_EQ(MessageOf({3 + 64 + 128, 128, 64}),
            "--window-tokens: expected more than --max-question-tokens 64 + --overlap-tokens 128 + "
            "3 special tokens, found 195");
}

TEST(WindowOptionsTest, OnlySpecialTokensFitIsAnError) {
  EXPECT_NE(MessageOf({3, 0, 1}), "");
  EXPECT_NE(MessageOf({2, 0, 1}), "");
  EXPECT_NE(MessageOf({4, 0, 1}), "");
}

TEST(WindowOptionsTest, ZeroIsNamed) {
  EXPECT_EQ(MessageOf({0, 128, 64}), "--window-tokens: expected at least 1, found 0");
  EXPECT_EQ(MessageOf({384, 128, 0}), "--max-question-tokens: expected at least 1, found 0");
}

TEST(WindowOptionsTest, AbsurdValuesDoNotOverflow) {
  constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
  EXPECT_NE(MessageOf({384, kHuge, 64}), "");
  EXPECT_NE(MessageOf({384, 128, kHuge}), "");
  EXPECT_NE(MessageOf({384, kHuge - 60, 64}), "");
}

}  // namespace
}  // namespace bertqa
