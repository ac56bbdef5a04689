// The library of SentencePiece's authors as a second witness: on text that its normaliser leaves
// alone it cuts the same pieces, or others of the same score. It is not used to answer: of equal
// paths it takes other ones ("000" as "00", "0"; the fast tokenizers: "0", "00"), because its sums
// are in single precision, and its normaliser is not theirs (docs/tokenizer.md).

#include <gtest/gtest.h>
#include <sentencepiece_processor.h>

#include <fstream>
#include <string>
#include <vector>

#include "text/sentencepiece_tokenizer.h"

namespace bertqa {
namespace {

struct Model {
  const char* folder;
  const char* family;
};

class SentencePieceLibraryTest : public testing::TestWithParam<Model> {};

std::vector<std::string> OurPieces(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::string> pieces;
  for (const TokenId id : tokenizer.Encode(text).ids) {
    pieces.emplace_back(tokenizer.Piece(id));
  }
  return pieces;
}

double Score(const sentencepiece::SentencePieceProcessor& library,
             const std::vector<std::string>& pieces) {
  double sum = 0;
  for (const std::string& piece : pieces) {
    sum += library.GetScore(library.PieceToId(piece));
  }
  return sum;
}

TEST_P(SentencePieceLibraryTest, CutsPiecesOfTheSameScore) {
  const std::string folder = std::string("golden/models/") + GetParam().folder;
  sentencepiece::SentencePieceProcessor library;
  const std::string file = folder + "/" + std::string(SentencePieceFileName(GetParam().family));
  ASSERT_TRUE(library.Load(file).ok());
  const auto tokenizer = LoadSentencePiece(folder, GetParam().family);
  std::ifstream corpus("golden/sentencepiece_corpus.txt");
  std::string line;
  std::size_t count = 0;
  std::size_t same = 0;
  while (std::getline(corpus, line)) {
    std::vector<std::string> pieces;
    ASSERT_TRUE(library.Encode(line, &pieces).ok());
    const std::vector<std::string> ours = OurPieces(*tokenizer, line);
    EXPECT_NEAR(Score(library, ours), Score(library, pieces), 1e-3) << line;
    same += ours == pieces ? 1U : 0U;
    ++count;
  }
  EXPECT_GE(count, 50U);
  EXPECT_GE(10 * same, 9 * count) << "ties are rare";
}

INSTANTIATE_TEST_SUITE_P(Models, SentencePieceLibraryTest,
                         testing::Values(Model{"spm-xlm-roberta", "xlm-roberta"},
                                         Model{"spm-camembert", "camembert"},
                                         Model{"spm-camembert-bpe", "camembert"},
                                         Model{"spm-deberta", "deberta-v2"}),
                         [](const auto& row) {
                           std::string name = row.param.folder;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace bertqa
