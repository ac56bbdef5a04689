#include "text/bpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/error_of.h"
#include "bertqa/error.h"
#include "text/byte_spelling.h"
#include "text/slow_tokenizers.h"

namespace bertqa {
namespace {

using Merges = std::vector<BpeModel::Merge>;

std::shared_ptr<const PieceTable> Table(const std::vector<std::string>& pieces) {
  auto table = std::make_shared<PieceTable>();
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    table->Add(pieces[id], static_cast<TokenId>(id));
  }
  return table;
}

std::vector<WordToken> Tokens(const BpeModel& model, std::string_view word) {
  std::vector<WordToken> tokens;
  model.Append(word, tokens);
  return tokens;
}

TEST(BpeTest, MergesAreThoseOfTheDefinitionInShortAndLongWords) {
  constexpr unsigned kSeed = 11;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> pieces = {"a", "b", "c"};
    Merges merges;
    while (merges.size() < 12) {
      const std::string& left = pieces[random() % pieces.size()];
      const std::string& right = pieces[random() % pieces.size()];
      if (std::ranges::find(pieces, left + right) == pieces.end()) {
        merges.emplace_back(left, right);
        pieces.push_back(merges.back().first + merges.back().second);
      }
    }
    const auto table = Table(pieces);
    const BpeModel model(table, merges, BpeOptions(), "merges");
    for (const std::size_t size : {1U, 2U, 5U, 30U, 48U, 49U, 50U, 90U}) {
      std::string word;
      while (word.size() < size) {
        word += static_cast<char>('a' + random() % 3);
      }
      ASSERT_EQ(Tokens(model, word), SlowBpe(*table, merges).Tokens(word))
          << word << ", seed " << kSeed << ", round " << round;
    }
  }
}

TEST(BpeTest, BytesAreSpelledAsInGpt2) {
  EXPECT_EQ(SpellingOfByte('a'), U'a');
  EXPECT_EQ(SpellingOfByte(' '), char32_t{0x120});
  EXPECT_EQ(SpellingOfByte('\n'), char32_t{0x10A});
  EXPECT_EQ(SpellingOfByte(0xA0), char32_t{0x142});
  EXPECT_EQ(SpellingOfByte(0xAD), char32_t{0x143});
  EXPECT_EQ(SpellingOfByte(0xFF), char32_t{0xFF});
}

TEST(BpeTest, WithoutAnUnknownTokenUnknownCharactersGiveNone) {
  const BpeModel model(Table({"a"}), {}, BpeOptions(), "merges");
  EXPECT_EQ(Tokens(model, "axa"), (std::vector<WordToken>{{0, 0, 1}, {0, 2, 3}}));
}

TEST(BpeTest, UnknownCharactersFuseWhereTheyAreToldTo) {
  BpeOptions options;
  options.unk_token = "?";
  const BpeModel apart(Table({"a", "?"}), {}, options, "merges");
  EXPECT_EQ(Tokens(apart, "xya"), (std::vector<WordToken>{{1, 0, 1}, {1, 1, 2}, {0, 2, 3}}));
  options.fuse_unk = true;
  const BpeModel fused(Table({"a", "?"}), {}, options, "merges");
  EXPECT_EQ(Tokens(fused, "xyax"), (std::vector<WordToken>{{1, 0, 2}, {0, 2, 3}, {1, 3, 4}}));
}

TEST(BpeTest, MergeOfWhatIsNoPieceIsNamed) {
  EXPECT_EQ(ErrorOf(ErrorCode::kMalformed,
                    [] { BpeModel(Table({"a", "b"}), {{"a", "b"}}, BpeOptions(), "m.txt"); }),
            "m.txt: merge 1 \"a b\": all three pieces are expected in the vocabulary, at least "
            "one is not there");
}

}  // namespace
}  // namespace bertqa
