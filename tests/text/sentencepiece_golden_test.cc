// Ids and byte spans of the fast tokenizers: golden/tokenizer_spm-*.jsonl (golden/PROVENANCE.md).

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "golden_tokens.h"
#include "text/sentencepiece_tokenizer.h"

namespace bertqa {
namespace {

struct Model {
  const char* name;
  const char* family;
};

class SentencePieceGoldenTest : public testing::TestWithParam<Model> {};

TEST_P(SentencePieceGoldenTest, TokensAreTheOracles) {
  const Model& model = GetParam();
  const auto tokenizer =
      LoadSentencePiece(std::string("golden/models/") + model.name, model.family);
  ExpectGoldenTokens(*tokenizer, std::string("golden/tokenizer_") + model.name + ".jsonl", 150);
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
