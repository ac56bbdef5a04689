#include "text/gpt2_pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bertqa {
namespace {

std::vector<std::string> Pieces(const std::string& text) {
  std::vector<std::string> pieces;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = Gpt2PieceEnd(text, begin);
    pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

using Strings = std::vector<std::string>;

TEST(Gpt2PatternTest, WordsTakeOneSpaceAlong) {
  EXPECT_EQ(Pieces("a bc 12 ?!"), (Strings{"a", " bc", " 12", " ?!"}));
  EXPECT_EQ(Pieces("a   b"), (Strings{"a", "  ", " b"}));
  EXPECT_EQ(Pieces("a \n b"), (Strings{"a", " \n", " b"}));
}

TEST(Gpt2PatternTest, WhiteSpaceThatIsNoSpaceStandsAlone) {
  EXPECT_EQ(Pieces("a\tb"), (Strings{"a", "\t", "b"}));
  EXPECT_EQ(Pieces("a\n\n\tb"), (Strings{"a", "\n\n", "\t", "b"}));
  EXPECT_EQ(Pieces("x\u00A0y"), (Strings{"x", "\u00A0", "y"}));
}

TEST(Gpt2PatternTest, WhiteSpaceAtTheEndIsOnePiece) {
  EXPECT_EQ(Pieces("a  "), (Strings{"a", "  "}));
  EXPECT_EQ(Pieces(" "), (Strings{" "}));
}

TEST(Gpt2PatternTest, ContractionsInLowerCaseOnly) {
  EXPECT_EQ(Pieces("it's we'll I'VE 're"),
            (Strings{"it", "'s", " we", "'ll", " I", "'", "VE", " '", "re"}));
  EXPECT_EQ(Pieces("'sd'"), (Strings{"'s", "d", "'"}));
  EXPECT_EQ(Pieces("''s"), (Strings{"''", "s"}));
}

TEST(Gpt2PatternTest, ClassesAreUnicodes) {
  EXPECT_EQ(Pieces("caf\u00E9\u0301x\u00B2\u216B"),
            (Strings{"caf\u00E9", "\u0301", "x", "\u00B2\u216B"}));
  EXPECT_EQ(Pieces("\u6771\u4EAC 3\u20AC"), (Strings{"\u6771\u4EAC", " 3", "\u20AC"}));
}

}  // namespace
}  // namespace bertqa
