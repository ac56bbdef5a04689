#include "text/wordpiece.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

std::unique_ptr<Tokenizer> Small(const WordPieceConfig& config = {}) {
  return MakeWordPiece(
      {"[PAD]",    "[UNK]",    "[CLS]", "[SEP]", "play", "##ful", "##ly", "play##ful",
       "re",       "##play",   "##ed",  ",",     "[",    "]",     "sep",  "\u1112",
       "##\u1161", "##\u11AB", "a",     "##a",   "Play", "#"},
      config);
}

std::vector<std::string> Pieces(const Tokenizer& tokenizer, const Encoding& encoding) {
  std::vector<std::string> pieces;
  pieces.reserve(encoding.size());
  for (const TokenId id : encoding.ids) {
    pieces.emplace_back(tokenizer.Piece(id));
  }
  return pieces;
}

using Strings = std::vector<std::string>;
using Spans = std::vector<ByteSpan>;

TEST(WordPieceTest, TakesTheLongestPieceFirst) {
  const auto tokenizer = Small();
  const Encoding encoding = tokenizer->Encode("PLAYfully, replayed");
  EXPECT_EQ(Pieces(*tokenizer, encoding),
            (Strings{"play", "##ful", "##ly", ",", "re", "##play", "##ed"}));
  EXPECT_EQ(encoding.spans, (Spans{{0, 4}, {4, 7}, {7, 9}, {9, 10}, {11, 13}, {13, 17}, {17, 19}}));
}

TEST(WordPieceTest, WordWithAnUnknownRestIsOneUnknown) {
  const auto tokenizer = Small();
  const Encoding encoding = tokenizer->Encode("playfulx replayed");
  EXPECT_EQ(Pieces(*tokenizer, encoding), (Strings{"[UNK]", "re", "##play", "##ed"}));
  EXPECT_EQ(encoding.spans[0], (ByteSpan{0, 8}));
}

TEST(WordPieceTest, UnknownSpanReachesOverRemovedCharactersInside) {
  const Encoding encoding = Small()->Encode("\u200Bx\u200By\u200B");
  EXPECT_EQ(encoding.spans, (Spans{{3, 8}}));
}

TEST(WordPieceTest, HundredCharactersAreAWordOneMoreIsUnknown) {
  const auto tokenizer = Small();
  EXPECT_EQ(tokenizer->Encode(std::string(100, 'a')).size(), 100U);
  const Encoding longer = tokenizer->Encode(std::string(101, 'a'));
  EXPECT_EQ(Pieces(*tokenizer, longer), Strings{"[UNK]"});
  EXPECT_EQ(longer.spans, (Spans{{0, 101}}));
}

TEST(WordPieceTest, LimitCountsNormalisedCharacters) {
  std::string accented;
  for (int i = 0; i < 100; ++i) {
    accented += "a\u0301";  // 200 characters, 100 without their accents
  }
  EXPECT_EQ(Small()->Encode(accented).size(), 100U);
}

TEST(WordPieceTest, PiecesOfOneCharacterShareItsBytes) {
  const auto tokenizer = Small();
  const Encoding encoding = tokenizer->Encode("\uD55C");
  EXPECT_EQ(Pieces(*tokenizer, encoding), (Strings{"\u1112", "##\u1161", "##\u11AB"}));
  EXPECT_EQ(encoding.spans, (Spans{{0, 3}, {0, 3}, {0, 3}}));
}

TEST(WordPieceTest, SpecialTokensInTextArePlainText) {
  const auto tokenizer = Small();
  EXPECT_EQ(Pieces(*tokenizer, tokenizer->Encode("[SEP]")), (Strings{"[", "sep", "]"}));
  EXPECT_EQ(Pieces(*tokenizer, tokenizer->Encode("##a")), (Strings{"#", "#", "a"}));
}

TEST(WordPieceTest, StripAccentsFollowsLowercaseUnlessSet) {
  WordPieceConfig cased;
  cased.lowercase = false;
  EXPECT_EQ(Small(cased)->Encode("\u00E1").ids, std::vector<TokenId>{1});
  EXPECT_EQ(Small(cased)->Encode("Play").ids, std::vector<TokenId>{20});
  cased.strip_accents = true;
  EXPECT_EQ(Small(cased)->Encode("\u00E1").ids, std::vector<TokenId>{18});
  WordPieceConfig accented;
  accented.strip_accents = false;
  EXPECT_EQ(Small(accented)->Encode("\u00E1 A").ids, (std::vector<TokenId>{1, 18}));
}

TEST(WordPieceTest, PairTemplateIsBerts) {
  const auto tokenizer = Small();
  const PairTemplate& pair = tokenizer->pair_template();
  EXPECT_EQ(pair.prefix, std::vector<TokenId>{2});
  EXPECT_EQ(pair.separator, std::vector<TokenId>{3});
  EXPECT_EQ(pair.suffix, std::vector<TokenId>{3});
  EXPECT_EQ(pair.question_segment, 0);
  EXPECT_EQ(pair.context_segment, 1);
  EXPECT_EQ(pair.null_position, 0U);
  EXPECT_EQ(tokenizer->vocabulary_size(), 22U);
}

TEST(WordPieceTest, InvalidUtf8NamesTheByte) {
  EXPECT_EQ(ErrorOf(ErrorCode::kBadUtf8, [] { Small()->Encode("play \xC3("); }),
            "text: invalid UTF-8 at byte 5 (0xC3)");
}

TEST(WordPieceTest, MissingSpecialTokenIsNamed) {
  for (const std::string missing : {"[UNK]", "[CLS]", "[SEP]"}) {
    Strings vocabulary = {"a", "b"};
    for (const std::string token : {"[UNK]", "[CLS]", "[SEP]"}) {
      if (token != missing) {
        vocabulary.push_back(token);
      }
    }
    EXPECT_EQ(ErrorOf(ErrorCode::kMalformed, [&] { MakeWordPiece(vocabulary, {}); }),
              "vocabulary:4: expected the special token \"" + missing +
                  "\" on some line, found the end of the vocabulary");
  }
}

TEST(WordPieceTest, SpecialTokensMayHaveOtherNames) {
  WordPieceConfig config;
  config.unk_token = "<unk>";
  config.cls_token = "<s>";
  config.sep_token = "</s>";
  const auto tokenizer = MakeWordPiece({"</s>", "<s>", "<unk>"}, config);
  EXPECT_EQ(tokenizer->Encode("x").ids, std::vector<TokenId>{2});
  EXPECT_EQ(tokenizer->pair_template().prefix, std::vector<TokenId>{1});
}

TEST(WordPieceTest, LoadsAFileAndNamesItInErrors) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / "bertqa_wordpiece_vocab.txt";
  std::ofstream(path) << "[UNK]\n[CLS]\n[SEP]\nplay\n";
  EXPECT_EQ(LoadWordPiece(path, {})->Encode("play").ids, std::vector<TokenId>{3});
  std::ofstream(path) << "[UNK]\n[CLS]\n[SEP]\n[UNK]\n";
  EXPECT_EQ(ErrorOf(ErrorCode::kMalformed, [&] { LoadWordPiece(path, {}); }),
            path.string() + ":4: duplicate token \"[UNK]\" (first at line 1)");
  std::filesystem::remove(path);
  EXPECT_THROW(LoadWordPiece(path, {}), Error);
}

}  // namespace
}  // namespace bertqa
