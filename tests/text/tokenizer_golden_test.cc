// Ids and byte spans of the oracle: golden/tokenizer_*.jsonl (golden/PROVENANCE.md).

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

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

nlohmann::json ToJson(const Encoding& encoding) {
  nlohmann::json tokens = nlohmann::json::array();
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    tokens.push_back({encoding.ids[i], encoding.spans[i].begin, encoding.spans[i].end});
  }
  return tokens;
}

TEST_P(TokenizerGoldenTest, TokensAreTheOracles) {
  const Variant& variant = GetParam();
  WordPieceConfig config;
  config.lowercase = variant.lowercase;
  config.strip_accents = variant.strip_accents;
  config.tokenize_chinese_chars = variant.tokenize_chinese_chars;
  const auto tokenizer = LoadWordPiece("golden/tokenizer_vocab.txt", config);
  std::ifstream file(std::string("golden/tokenizer_") + variant.name + ".jsonl");
  std::string line;
  std::size_t count = 0;
  while (std::getline(file, line)) {
    const auto record = nlohmann::json::parse(line);
    const auto text = record.at("text").get<std::string>();
    EXPECT_EQ(ToJson(tokenizer->Encode(text)), record.at("tokens")) << record.at("text");
    ++count;
  }
  EXPECT_GE(count, 100U);
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
