// Ids and byte spans of the oracle for every kind of tokenizer: golden/tokenizers/*.jsonl
// (golden/PROVENANCE.md).

#include <gtest/gtest.h>

#include <string>

#include "golden_tokens.h"
#include "text/bpe_files.h"
#include "text/tokenizer_json.h"

namespace bertqa {
namespace {

class TokenizerKindsTest : public testing::TestWithParam<const char*> {};

std::unique_ptr<Tokenizer> Load(const std::string& name) {
  const std::string path = "golden/tokenizers/" + name;
  return name == "roberta" ? LoadByteLevelBpe(path) : LoadTokenizerJson(path + ".json");
}

TEST_P(TokenizerKindsTest, TokensAreTheOracles) {
  const std::string name = GetParam();
  const auto tokenizer = Load(name);
  ExpectGoldenTokens(*tokenizer, "golden/tokenizers/" + name + ".jsonl", 80);
}

INSTANTIATE_TEST_SUITE_P(Kinds, TokenizerKindsTest,
                         testing::Values("albert", "bert", "character-bpe", "cut-bytes",
                                         "deberta-v3", "fallback-bpe", "modernbert", "mpnet",
                                         "never-prepended", "prefix-bpe", "roberta",
                                         "roberta-prefix", "unigram-fallback", "wordpiece",
                                         "xlm-roberta"),
                         [](const auto& row) {
                           std::string name = row.param;
                           std::erase(name, '-');
                           return name;
                         });

struct PairCase {
  const char* name;
  std::vector<std::string> prefix, separator, suffix;
  std::int32_t context_segment;
};

std::vector<std::string> Pieces(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  std::vector<std::string> pieces;
  for (const TokenId id : ids) {
    pieces.emplace_back(tokenizer.Piece(id));
  }
  return pieces;
}

TEST(TokenizerKindsPairTest, TemplatesAreThoseOfTheFamilies) {
  const PairCase cases[] = {
      {"roberta", {"<s>"}, {"</s>", "</s>"}, {"</s>"}, 0},
      {"roberta-prefix", {"<s>"}, {"</s>", "</s>"}, {"</s>"}, 0},
      {"xlm-roberta", {"<s>"}, {"</s>", "</s>"}, {"</s>"}, 0},
      {"mpnet", {"<s>"}, {"</s>", "</s>"}, {"</s>"}, 1},
      {"modernbert", {"[CLS]"}, {"[SEP]"}, {"[SEP]"}, 1},
      {"albert", {"[CLS]"}, {"[SEP]"}, {"[SEP]"}, 1},
      {"deberta-v3", {"[CLS]"}, {"[SEP]"}, {"[SEP]"}, 1},
      {"bert", {"[CLS]"}, {"[SEP]"}, {"[SEP]"}, 1},
      {"cut-bytes", {"<s>"}, {"</s>"}, {"</s>"}, 1},
      {"never-prepended", {"<s>"}, {"</s>", "</s>"}, {"</s>"}, 0},
  };
  for (const PairCase& row : cases) {
    const auto tokenizer = Load(row.name);
    const PairTemplate& pair = tokenizer->pair_template();
    EXPECT_EQ(Pieces(*tokenizer, pair.prefix), row.prefix) << row.name;
    EXPECT_EQ(Pieces(*tokenizer, pair.separator), row.separator) << row.name;
    EXPECT_EQ(Pieces(*tokenizer, pair.suffix), row.suffix) << row.name;
    EXPECT_EQ(pair.question_segment, 0) << row.name;
    EXPECT_EQ(pair.context_segment, row.context_segment) << row.name;
  }
}

TEST(TokenizerKindsPairTest, NoTextBecomesASpecialToken) {
  for (const char* name : {"albert", "bert", "character-bpe", "deberta-v3", "fallback-bpe",
                           "modernbert", "mpnet", "roberta", "wordpiece", "xlm-roberta"}) {
    const auto tokenizer = Load(name);
    const PairTemplate& pair = tokenizer->pair_template();
    for (const TokenId special : {pair.prefix[0], pair.separator[0]}) {
      const std::string text(tokenizer->Piece(special));
      for (const std::string& around : {text, "x " + text + " y", text + text}) {
        for (const TokenId id : tokenizer->Encode(around).ids) {
          EXPECT_NE(id, special) << name << ": " << around;
        }
      }
    }
  }
}

}  // namespace
}  // namespace bertqa
