// What every tokenizer promises (bertqa/tokenizer.h), on random and extreme texts.

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/error_of.h"
#include "base/utf8.h"
#include "bertqa/error.h"
#include "text/golden_tokenizers.h"

namespace bertqa {
namespace {

using Strings = std::vector<std::string>;

struct Kind {
  const char* name;  ///< of GoldenTokenizers()
  /// Texts without a token, besides the empty one and spaces.
  Strings nothing = {};
  /// What stands at the ends of texts that a space separates: not nothing where white space other
  /// than U+0020 vanishes at the ends of a text, but nowhere else.
  const char* edge = "";

  std::unique_ptr<const Tokenizer> make() const { return MakeGoldenTokenizer(name); }
};

class TokenizerContractTest : public testing::TestWithParam<Kind> {};
/// What holds for those that never look beyond white space.
class WordTokenizerContractTest : public testing::TestWithParam<Kind> {};

const Strings kNoWord = {" \t\r\n\u3000", "\uFFFD", "\u200B\u00AD"};
const Strings kSpaces = {" \t\r\n\u3000", "\uFFFD", "\x01\u200B"};
const Strings kStripped = {" \t\r\n\u3000\u2029"};

const auto kWordKinds =
    testing::Values(Kind{"WordPieceUncased", kNoWord}, Kind{"WordPieceCased", kNoWord},
                    Kind{"BertJson", kNoWord}, Kind{"MpnetJson", kNoWord}, Kind{"Albert", kSpaces},
                    Kind{"AlbertCased"}, Kind{"XlmRoberta", kSpaces, "x"},
                    Kind{"Camembert", kStripped, "x"}, Kind{"CamembertBpe", kStripped, "x"},
                    Kind{"Deberta", kSpaces, "x"}, Kind{"DebertaPunct", kStripped, "x"});

const auto kOtherKinds = testing::Values(
    Kind{"Roberta"}, Kind{"RobertaPrefixJson"}, Kind{"ModernbertJson"}, Kind{"AlbertJson"},
    Kind{"DebertaJson"}, Kind{"XlmRobertaJson"}, Kind{"CharacterBpeJson"}, Kind{"PrefixBpeJson"},
    Kind{"FallbackBpeJson"}, Kind{"OtherWordPieceJson"});

std::string NameOf(const testing::TestParamInfo<Kind>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(WordKinds, TokenizerContractTest, kWordKinds, NameOf);
INSTANTIATE_TEST_SUITE_P(OtherKinds, TokenizerContractTest, kOtherKinds, NameOf);
INSTANTIATE_TEST_SUITE_P(WordKinds, WordTokenizerContractTest, kWordKinds, NameOf);

void ExpectContract(const Tokenizer& tokenizer, const std::string& text) {
  ASSERT_EQ(FindBreach(tokenizer, text, tokenizer.Encode(text)), "");
}

/// Half of the characters from where the tokenizer's special cases are.
std::string RandomText(std::mt19937& random) {
  constexpr char32_t kSpecial[] = {0,      ' ',    'A',     'e',    0xAD,    0x130,  0x301,
                                   0x323,  0x344,  0x345,   0xF73,  0x200D,  0x3000, 0x302E,
                                   0x3099, 0x5341, 0x1D165, 0xAC01, 0xFFFD,  0xE000, 0xF900,
                                   ',',    0x2260, 0x1F469, 0x3A3,  0x2B820, 0x1E9E, 0xFB01};
  std::string text;
  const auto length = random() % 60;
  for (std::size_t i = 0; i < length; ++i) {
    char32_t value = kSpecial[random() % std::size(kSpecial)];
    if (random() % 2 == 0) {
      value = static_cast<char32_t>((random() % 0x110000) >> (random() % 14));
    }
    if (value >= 0xD800 && value < 0xE000) {
      value = 'x';
    }
    AppendUtf8(text, value);
  }
  return text;
}

TEST_P(TokenizerContractTest, HoldsOnRandomText) {
  constexpr unsigned kSeed = 20251;
  std::mt19937 random(kSeed);
  const auto tokenizer = GetParam().make();
  for (int round = 0; round < 20000; ++round) {
    const std::string text = RandomText(random);
    ASSERT_NO_FATAL_FAILURE(ExpectContract(*tokenizer, text))
        << "seed " << kSeed << ", round " << round;
  }
}

TEST_P(WordTokenizerContractTest, SpaceSeparatesWithoutAnyEffectAcross) {
  const std::string edge = GetParam().edge;
  constexpr unsigned kSeed = 77;
  std::mt19937 random(kSeed);
  const auto tokenizer = GetParam().make();
  for (int round = 0; round < 5000; ++round) {
    const std::string left = edge + RandomText(random) + edge;
    const std::string right = edge + RandomText(random) + edge;
    Encoding expected = tokenizer->Encode(left);
    const Encoding second = tokenizer->Encode(right);
    for (std::size_t i = 0; i < second.size(); ++i) {
      const std::size_t shift = left.size() + 1;
      expected.ids.push_back(second.ids[i]);
      expected.spans.push_back({second.spans[i].begin + shift, second.spans[i].end + shift});
    }
    const Encoding both = tokenizer->Encode(left + " " + right);
    ASSERT_EQ(both.ids, expected.ids) << "seed " << kSeed << ", round " << round;
    ASSERT_EQ(both.spans, expected.spans) << "seed " << kSeed << ", round " << round;
  }
}

TEST_P(WordTokenizerContractTest, NothingGivesNothing) {
  const auto tokenizer = GetParam().make();
  Strings texts = {"", " ", "    "};
  texts.insert(texts.end(), GetParam().nothing.begin(), GetParam().nothing.end());
  for (const std::string& text : texts) {
    EXPECT_EQ(tokenizer->Encode(text).size(), 0U) << '"' << text << '"';
  }
}

TEST_P(TokenizerContractTest, EmptyTextGivesNothing) {
  EXPECT_EQ(GetParam().make()->Encode("").size(), 0U);
}

TEST_P(TokenizerContractTest, BadUtf8IsNamed) {
  const auto tokenizer = GetParam().make();
  EXPECT_EQ(ErrorOf(ErrorCode::kBadUtf8, [&] { tokenizer->Encode("ab\xFF"); }),
            "text: invalid UTF-8 at byte 2 (0xFF)");
}

TEST_P(TokenizerContractTest, IdsNamePiecesAndTemplateIsInRange) {
  const auto tokenizer = GetParam().make();
  const PairTemplate& pair = tokenizer->pair_template();
  for (const auto& ids : {pair.prefix, pair.separator, pair.suffix}) {
    for (const TokenId id : ids) {
      EXPECT_LT(static_cast<std::size_t>(id), tokenizer->vocabulary_size());
      EXPECT_FALSE(tokenizer->Piece(id).empty());
    }
  }
  EXPECT_LT(pair.null_position, pair.prefix.size());
}

// Without a place to stop. Quadratic work would take minutes and run into the limit of ctest.
TEST_P(TokenizerContractTest, MegabyteOfOneWord) {
  const auto tokenizer = GetParam().make();
  for (const char* part : {"a", "e ", "\u0301", "a\u0323\u0301", "\u0301\u0323", "\u5341", "\uD55C",
                           "\u200B", "\u00E9", ",", "\u0F73\u0345"}) {
    std::string text;
    while (text.size() < 1000000) {
      text += part;
    }
    ASSERT_NO_FATAL_FAILURE(ExpectContract(*tokenizer, text)) << part;
  }
}

TEST_P(TokenizerContractTest, ThreadsShareOneTokenizer) {
  const auto tokenizer = GetParam().make();
  const std::string text = "The na\u00EFve \uD55C\uAD6D caf\u00E9, \u5341 x\u0323\u0301.";
  const Encoding expected = tokenizer->Encode(text);
  std::vector<std::size_t> wrong(4, 0);
  std::vector<std::thread> threads;
  threads.reserve(wrong.size());
  for (std::size_t& count : wrong) {
    threads.emplace_back([&tokenizer, &text, &expected, &count] {
      for (int i = 0; i < 500; ++i) {
        const Encoding found = tokenizer->Encode(text);
        count += found.ids == expected.ids && found.spans == expected.spans ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, std::vector<std::size_t>(4, 0));
}

}  // namespace
}  // namespace bertqa
