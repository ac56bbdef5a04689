// Ids and byte spans of the fast tokenizers: golden/tokenizer_spm-*.jsonl (golden/PROVENANCE.md).

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "text/sentencepiece_tokenizer.h"

namespace bertqa {
namespace {

struct Model {
  const char* name;
  const char* family;
};

class SentencePieceGoldenTest : public testing::TestWithParam<Model> {};

nlohmann::json ToJson(const Encoding& encoding) {
  nlohmann::json tokens = nlohmann::json::array();
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    tokens.push_back({encoding.ids[i], encoding.spans[i].begin, encoding.spans[i].end});
  }
  return tokens;
}

TEST_P(SentencePieceGoldenTest, TokensAreTheOracles) {
  const Model& model = GetParam();
  const auto tokenizer =
      LoadSentencePiece(std::string("golden/models/") + model.name, model.family);
  std::ifstream file(std::string("golden/tokenizer_") + model.name + ".jsonl");
  std::string line;
  std::size_t count = 0;
  while (std::getline(file, line)) {
    const auto record = nlohmann::json::parse(line);
    const auto text = record.at("text").get<std::string>();
    EXPECT_EQ(ToJson(tokenizer->Encode(text)), record.at("tokens")) << record.at("text");
    ++count;
  }
  EXPECT_GE(count, 150U);
}

INSTANTIATE_TEST_SUITE_P(
    Models, SentencePieceGoldenTest,
    testing::Values(Model{"spm-albert", "albert"}, Model{"spm-albert-cased", "albert"},
                    Model{"spm-xlm-roberta", "xlm-roberta"}, Model{"spm-camembert", "camembert"},
                    Model{"spm-camembert-bpe", "camembert"}, Model{"spm-deberta", "deberta-v2"},
                    Model{"spm-deberta-punct", "deberta-v2"}),
    [](const auto& row) {
      std::string name = row.param.name;
      std::erase(name, '-');
      return name;
    });

}  // namespace
}  // namespace bertqa
