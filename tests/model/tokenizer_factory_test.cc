#include "model/tokenizer_factory.h"

#include "base/files.h"
#include "bertqa/model.h"
#include "encoder/fixtures.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

class TokenizerFactoryTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& bytes) const {
    WriteFileAtomically(folder_.path() / name, bytes);
  }

  void WriteClass(const std::string& name) const {
    Write("tokenizer_config.json", "{\"tokenizer_class\": \"" + name + "\"}");
  }

  void CopyJson(const std::string& name) const {
    fs::copy("golden/tokenizers/" + name + ".json", folder_.path() / "tokenizer.json",
             fs::copy_options::overwrite_existing);
  }

  std::string Description() const { return LoadTokenizer(folder_.path()).description; }

  TemporaryFolder folder_;
};

TEST_F(TokenizerFactoryTest, ClassAndFilesDecide) {
  CopyJson("modernbert");
  WriteClass("PreTrainedTokenizerFast");
  EXPECT_EQ(Description(), "tokenizer.json");
  CopyJson("bert");
  WriteClass("BertTokenizerFast");
  EXPECT_EQ(Description(), "WordPiece, cased");
  CopyJson("wordpiece");  // other steps than BERT's
  EXPECT_EQ(Description(), "tokenizer.json");
  EXPECT_EQ(LoadTokenizer("golden/tokenizers/roberta").description, "byte-level BPE");
}

TEST_F(TokenizerFactoryTest, ModelTypeStandsInForTheClass) {
  for (const char* name : {"vocab.json", "merges.txt"}) {
    fs::copy(fs::path("golden/tokenizers/roberta") / name, folder_.path() / name);
  }
  Write("config.json", R"({"model_type": "roberta"})");
  EXPECT_EQ(Description(), "byte-level BPE");
  CopyJson("xlm-roberta");
  Write("config.json", R"({"model_type": "xlm-roberta"})");
  EXPECT_EQ(Description(), "tokenizer.json");
}

TEST_F(TokenizerFactoryTest, SentencePieceModelsGoByTheirFamily) {
  const fs::path models = "golden/models";
  fs::copy(models / "spm-albert" / "spiece.model", folder_.path() / "spiece.model");
  WriteClass("AlbertTokenizer");
  EXPECT_EQ(Description(), "SentencePiece");
  fs::copy(models / "spm-xlm-roberta" / "sentencepiece.bpe.model",
           folder_.path() / "sentencepiece.bpe.model");
  fs::remove(folder_.path() / "tokenizer_config.json");
  Write("config.json", R"({"model_type": "xlm-roberta"})");
  const LoadedTokenizer loaded = LoadTokenizer(folder_.path());
  EXPECT_EQ(loaded.source.filename(), "sentencepiece.bpe.model");
  EXPECT_EQ(loaded.tokenizer->pair_template().separator.size(), 2U);  // </s></s>
}

TEST_F(TokenizerFactoryTest, MpnetFromVocabularyIsMpnetFromJson) {
  CopyJson("mpnet");
  WriteClass("MPNetTokenizer");
  const LoadedTokenizer json = LoadTokenizer(folder_.path());
  std::string lines;
  for (std::size_t id = 0; id < json.tokenizer->vocabulary_size(); ++id) {
    lines += std::string(json.tokenizer->Piece(static_cast<TokenId>(id))) + "\n";
  }
  fs::remove(folder_.path() / "tokenizer.json");
  Write("vocab.txt", lines);
  const LoadedTokenizer text = LoadTokenizer(folder_.path());
  const std::string example = "The Na\u00EFve caf\u00E9, isn't <s> it? \u6771\u4EAC";
  EXPECT_EQ(text.tokenizer->Encode(example).ids, json.tokenizer->Encode(example).ids);
  EXPECT_EQ(text.tokenizer->Encode(example).spans, json.tokenizer->Encode(example).spans);
  const PairTemplate& ours = text.tokenizer->pair_template();
  const PairTemplate& theirs = json.tokenizer->pair_template();
  EXPECT_EQ(ours.prefix, theirs.prefix);
  EXPECT_EQ(ours.separator, theirs.separator);
  EXPECT_EQ(ours.suffix, theirs.suffix);
}

TEST_F(TokenizerFactoryTest, UnknownClassListsThoseThatAreKnown) {
  WriteClass("XLNetTokenizer");
  ExpectError(ErrorCode::kUnsupported,
              (folder_.path() / "tokenizer_config.json").string() +
                  ": .tokenizer_class: \"XLNetTokenizer\" is not supported; expected one of "
                  "BertTokenizer, DistilBertTokenizer, ElectraTokenizer, MobileBertTokenizer, "
                  "MPNetTokenizer, RobertaTokenizer, CamembertTokenizer, XLMRobertaTokenizer, "
                  "AlbertTokenizer, DebertaV2Tokenizer, PreTrainedTokenizer",
              [&] { LoadTokenizer(folder_.path()); });
}

TEST_F(TokenizerFactoryTest, NoFilesListsThoseThatWouldDo) {
  WriteClass("RobertaTokenizer");
  ExpectError(ErrorCode::kUnreadable,
              folder_.path().string() +
                  ": no tokenizer: expected one of vocab.txt, tokenizer.json, vocab.json with "
                  "merges.txt, a SentencePiece model, found none",
              [&] { LoadTokenizer(folder_.path()); });
}

/// A BERT whose tokenizer is a BPE of `pieces` pieces.
void WriteBpeModel(const fs::path& model, int pieces) {
  fs::copy("golden/models/tiny-32", model);
  fs::remove(model / "vocab.txt");
  fs::remove(model / "tokenizer_config.json");
  std::string vocabulary = R"("[CLS]": 0, "[SEP]": 1)";
  for (int id = 2; id < pieces; ++id) {
    vocabulary +=
        ", \"" + std::string(1, static_cast<char>('0' + id)) + "\": " + std::to_string(id);
  }
  WriteFileAtomically(model / "tokenizer.json",
                      R"({"model": {"type": "BPE", "merges": [], "vocab": {)" + vocabulary +
                          R"(}}, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor":
      {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 0]}})");
}

TEST_F(TokenizerFactoryTest, ModelLoadsWithNothingButATokenizerJson) {
  const fs::path path = folder_.path() / "model";
  WriteBpeModel(path, 40);
  Write("model/tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  const Model model = LoadModel(path);
  EXPECT_EQ(model.tokenizer->Encode("A B").size(), 2U);
  EXPECT_EQ(ReadModelInfo(path).tokenizer, "tokenizer.json");
}

TEST_F(TokenizerFactoryTest, MorePiecesThanTheModelHasIsAnError) {
  const fs::path path = folder_.path() / "model";
  WriteBpeModel(path, 44);
  Write("model/tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  std::string config = ReadFile(path / "config.json");
  config.replace(config.find("\"vocab_size\": 60"), 16, "\"vocab_size\": 43");
  Write("model/config.json", config);
  ExpectError(
      ErrorCode::kMalformed,
      (path / "tokenizer.json").string() + ": 44 pieces; config.json's \"vocab_size\" is 43",
      [&] { LoadModel(path); });
}

}  // namespace
}  // namespace bertqa
