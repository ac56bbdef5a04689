// Ids and byte spans of the oracle: golden/tokenizer_*.jsonl (golden/PROVENANCE.md).

#include <gtest/gtest.h>

#include <string>

#include "golden_tokens.h"
#include "text/wordpiece.h"

namespace bertqa {
namespace {

struct Variant {
  const char* name;
  bool lowercase;
  std::optional<bool> strip_accents;
  bool tokenize_chinese_chars;
};

class TokenizerGoldenTest : public testing::TestWithParam<Variant> {};

TEST_P(TokenizerGoldenTest, TokensAreTheOracles) {
  const Variant& variant = GetParam();
  WordPieceConfig config;
  config.lowercase = variant.lowercase;
  config.strip_accents = variant.strip_accents;
  config.tokenize_chinese_chars = variant.tokenize_chinese_chars;
  const auto tokenizer = LoadWordPiece("golden/tokenizer_vocab.txt", config);
  ExpectGoldenTokens(*tokenizer, std::string("golden/tokenizer_") + variant.name + ".jsonl", 100);
}

INSTANTIATE_TEST_SUITE_P(Variants, TokenizerGoldenTest,
                         testing::Values(Variant{"uncased", true, std::nullopt, true},
                                         Variant{"cased", false, std::nullopt, true},
                                         Variant{"uncased-accents", true, false, true},
                                         Variant{"cased-stripped", false, true, true},
                                         Variant{"uncased-no-cjk", true, std::nullopt, false},
                                         Variant{"cased-plain", false, false, false},
                                         Variant{"uncased-plain", true, false, false}),
                         [](const auto& row) {
                           std::string name = row.param.name;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace bertqa
