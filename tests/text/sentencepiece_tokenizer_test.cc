#include "text/sentencepiece_tokenizer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error_of.h"
#include "bertqa/error.h"
#include "text/sentencepiece_message.h"

namespace bertqa {
namespace {

using Ids = std::vector<TokenId>;
using Spans = std::vector<ByteSpan>;
using Strings = std::vector<std::string>;

/// A folder with one model file, gone with the object.
class ModelFolder {
 public:
  ModelFolder(std::string_view family, const std::string& bytes, const std::string& config = "{}")
      : path_(std::filesystem::path(testing::TempDir()) /
              ("bertqa_spm_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
    std::ofstream(path_ / SentencePieceFileName(family), std::ios::binary) << bytes;
    std::ofstream(path_ / "tokenizer_config.json") << config;
  }
  ~ModelFolder() { std::filesystem::remove_all(path_); }
  ModelFolder(const ModelFolder&) = delete;
  ModelFolder& operator=(const ModelFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::unique_ptr<const Tokenizer> Make(std::string_view family, const Message& model,
                                      const std::string& config = "{}") {
  return LoadSentencePiece(ModelFolder(family, model.bytes(), config).path(), family);
}

/// fairseq's three, then letters and a word.
Message RobertaModel() {
  Message model;
  model.Piece("<unk>", 0, 2).Piece("<s>", 0, 3).Piece("</s>", 0, 3).Piece("\u2581", -4);
  model.Piece("a", -3).Piece("b", -3).Piece("ab", -5).Piece("\u2581ab", -6).Piece("\u2581b", -6.5F);
  return model;
}

Message AlbertModel() {
  Message model;
  model.Piece("<pad>", 0, 3).Piece("<unk>", 0, 2).Piece("[CLS]", 0, 3).Piece("[SEP]", 0, 3);
  model.Piece("\u2581", -3).Piece("9", -4).Piece(",", -4).Piece("9,", -5).Piece("a", -4);
  model.Piece("(", 0, 4).Piece("\u2581a", -3).Piece("A", -4).Piece("e", -4);
  return model.Bytes(2, Message().Varint(40, 1).bytes());
}

Strings Pieces(const Tokenizer& tokenizer, std::string_view text) {
  Strings pieces;
  for (const TokenId id : tokenizer.Encode(text).ids) {
    pieces.emplace_back(tokenizer.Piece(id));
  }
  return pieces;
}

TEST(SentencePieceTest, XlmRobertaHasFairseqsIds) {
  const auto tokenizer = Make("xlm-roberta", RobertaModel());
  EXPECT_EQ(tokenizer->vocabulary_size(), 11U);  // four, six of the file, <mask>
  EXPECT_EQ(tokenizer->Piece(10), "<mask>");
  EXPECT_EQ(tokenizer->Encode("ab c").ids, (Ids{8, 4, 3}));
  const PairTemplate& pair = tokenizer->pair_template();
  EXPECT_EQ(pair.prefix, Ids{0});
  EXPECT_EQ(pair.separator, (Ids{2, 2}));
  EXPECT_EQ(pair.suffix, Ids{2});
  EXPECT_EQ(pair.question_segment, 0);
  EXPECT_EQ(pair.context_segment, 0);
  EXPECT_EQ(pair.null_position, 0U);
}

TEST(SentencePieceTest, CamembertHasFiveIdsInFront) {
  const auto tokenizer = Make("camembert", RobertaModel());
  EXPECT_EQ(tokenizer->vocabulary_size(), 14U);
  EXPECT_EQ(tokenizer->Piece(13), "<mask>");
  EXPECT_EQ(tokenizer->Encode("ab c").ids, (Ids{11, 7, 3}));
  const PairTemplate& pair = tokenizer->pair_template();
  EXPECT_EQ(pair.prefix, Ids{5});  // the file's <s>, not "<s>NOTUSED"
  EXPECT_EQ(pair.separator, (Ids{6, 6}));
  EXPECT_EQ(pair.context_segment, 0);
}

TEST(SentencePieceTest, AlbertHasTheFilesIds) {
  const auto tokenizer = Make("albert", AlbertModel());
  EXPECT_EQ(tokenizer->vocabulary_size(), 14U);
  EXPECT_EQ(tokenizer->Piece(13), "[MASK]");  // not in the file: added
  const PairTemplate& pair = tokenizer->pair_template();
  EXPECT_EQ(pair.prefix, Ids{2});
  EXPECT_EQ(pair.separator, Ids{3});
  EXPECT_EQ(pair.suffix, Ids{3});
  EXPECT_EQ(pair.context_segment, 1);
}

TEST(SentencePieceTest, SpansLeaveOutTheSpace) {
  const auto tokenizer = Make("xlm-roberta", RobertaModel());
  EXPECT_EQ(tokenizer->Encode(" ab   b").spans, (Spans{{1, 3}, {6, 7}}));
}

TEST(SentencePieceTest, AWordMarkAloneHasTheFirstCharacterOfItsWord) {
  const auto tokenizer = Make("xlm-roberta", RobertaModel());
  const Encoding encoding = tokenizer->Encode("ab \u00E9b");
  EXPECT_EQ(Pieces(*tokenizer, "ab \u00E9b"), (Strings{"\u2581ab", "\u2581", "<unk>", "b"}));
  EXPECT_EQ(encoding.spans, (Spans{{0, 2}, {3, 5}, {3, 5}, {5, 6}}));
}

TEST(SentencePieceTest, AWordMarkInTheTextIsText) {
  const auto tokenizer = Make("xlm-roberta", RobertaModel());
  const Encoding encoding = tokenizer->Encode("\u2581ab \u2581");
  EXPECT_EQ(Pieces(*tokenizer, "\u2581ab \u2581"), (Strings{"\u2581ab", "\u2581", "\u2581"}));
  EXPECT_EQ(encoding.spans, (Spans{{0, 5}, {6, 9}, {6, 9}}));
}

TEST(SentencePieceTest, UnknownNeighboursAreOneToken) {
  const auto tokenizer = Make("xlm-roberta", RobertaModel());
  EXPECT_EQ(Pieces(*tokenizer, "abxyz\u6771b"), (Strings{"\u2581ab", "<unk>", "b"}));
  EXPECT_EQ(tokenizer->Encode("abxyz\u6771b").spans, (Spans{{0, 2}, {2, 8}, {8, 9}}));
}

TEST(SentencePieceTest, SpaceAtTheEndIsNoToken) {
  EXPECT_EQ(Pieces(*Make("albert", AlbertModel()), "a  "), Strings{"\u2581a"});
}

TEST(SentencePieceTest, NamesOfSpecialTokensArePlainText) {
  for (const char* text : {"<s>", "</s>", "<unk>", "<mask>", "<pad>"}) {
    const auto tokenizer = Make("xlm-roberta", RobertaModel());
    for (const TokenId id : tokenizer->Encode(text).ids) {
      EXPECT_TRUE(id >= 3 && id < 10) << text;
    }
  }
  for (const TokenId id : Make("albert", AlbertModel())->Encode("[SEP] [CLS]").ids) {
    EXPECT_TRUE(id != 2 && id != 3);
  }
}

// AlbertTokenizer: 9,9 is "9", ",", "9", and not "9,", "9".
TEST(SentencePieceTest, AlbertTakesDigitsAndCommasApart) {
  EXPECT_EQ(Pieces(*Make("albert", AlbertModel()), "a9,9"), (Strings{"\u2581a", "9", ",", "9"}));
}

TEST(SentencePieceTest, UserDefinedSymbolsDoNotBeginAWord) {
  EXPECT_EQ(Pieces(*Make("albert", AlbertModel()), "a(a"), (Strings{"\u2581a", "(", "a"}));
}

TEST(SentencePieceTest, AlbertsSettings) {
  EXPECT_EQ(Pieces(*Make("albert", AlbertModel()), "A\u00E9"), (Strings{"\u2581a", "e"}));
  const auto cased = Make("albert", AlbertModel(), R"({"do_lower_case": false})");
  EXPECT_EQ(Pieces(*cased, "A\u00E9"), (Strings{"\u2581", "A", "e"}));
  const auto accented = Make("albert", AlbertModel(), R"({"keep_accents": true})");
  EXPECT_EQ(Pieces(*accented, "A\u00E9"), (Strings{"\u2581a", "<unk>"}));
}

TEST(SentencePieceTest, DebertasSettings) {
  Message model;
  model.Piece("[PAD]", 0, 3).Piece("[CLS]", 0, 3).Piece("[SEP]", 0, 3).Piece("[UNK]", 0, 2);
  model.Piece("\u2581", -3).Piece("a", -4).Piece(",", -4).Piece("\u2581a", -4).Piece("a,", -4);
  model.Bytes(2, Message().Varint(40, 3).bytes());
  EXPECT_EQ(Pieces(*Make("deberta-v2", model), "a,A"), (Strings{"\u2581", "a,", "[UNK]"}));
  const auto split =
      Make("deberta-v2", model, R"({"split_by_punct": true, "do_lower_case": true})");
  EXPECT_EQ(Pieces(*split, "a,A"), (Strings{"\u2581a", "\u2581", ",", "\u2581a"}));
  EXPECT_EQ(split->Encode("a,A").spans, (Spans{{0, 1}, {1, 2}, {1, 2}, {2, 3}}));
  EXPECT_EQ(split->pair_template().prefix, Ids{1});
  EXPECT_EQ(split->pair_template().separator, Ids{2});
}

TEST(SentencePieceTest, EqualScoresTakeTheFirstPath) {
  Message model;
  model.Piece("<unk>", 0, 2).Piece("<s>", 0, 3).Piece("</s>", 0, 3).Piece("\u2581", -1);
  model.Piece("a", -1).Piece("aa", -1.5F);
  EXPECT_EQ(Pieces(*Make("xlm-roberta", model), "aaa"), (Strings{"\u2581", "a", "aa"}));
}

TEST(SentencePieceTest, BpeMergesByScoreFromTheLeft) {
  Message model;
  model.Piece("<unk>", 0, 2).Piece("<s>", 0, 3).Piece("</s>", 0, 3).Piece("bc", 0).Piece("ab", -1);
  model.Piece("\u2581", -2).Piece("a", -3).Piece("b", -4).Piece("c", -5);
  model.Bytes(2, Message().Varint(3, 2).bytes());
  const auto tokenizer = Make("xlm-roberta", model);
  EXPECT_EQ(Pieces(*tokenizer, "abcab"), (Strings{"\u2581", "a", "bc", "ab"}));
  EXPECT_EQ(Pieces(*tokenizer, "axyb"), (Strings{"\u2581", "a", "<unk>", "b"}));
}

// tokenizers counts wrongly from there on: the characters that vanish shift all spans behind them.
TEST(SentencePieceTest, ACharacterThatVanishesInFrontShiftsNothing) {
  const auto tokenizer = LoadSentencePiece("golden/models/spm-xlm-roberta", "xlm-roberta");
  const Encoding plain = tokenizer->Encode("The river");
  const Encoding shifted = tokenizer->Encode("\x01\x02The river");
  EXPECT_EQ(shifted.ids, plain.ids);
  ASSERT_EQ(shifted.size(), plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(shifted.spans[i], (ByteSpan{plain.spans[i].begin + 2, plain.spans[i].end + 2}));
  }
}

TEST(SentencePieceTest, InvalidUtf8NamesTheByte) {
  const auto tokenizer = Make("albert", AlbertModel());
  EXPECT_EQ(ErrorOf(ErrorCode::kBadUtf8, [&] { tokenizer->Encode("ab\xFF"); }),
            "text: invalid UTF-8 at byte 2 (0xFF)");
}

TEST(SentencePieceTest, ErrorsNameTheFileAndNothingIsPrinted) {
  testing::internal::CaptureStderr();
  const ModelFolder folder("deberta-v2", "no model at all");
  const std::string message =
      ErrorOf(ErrorCode::kMalformed, [&] { LoadSentencePiece(folder.path(), "deberta-v2"); });
  EXPECT_TRUE(message.starts_with((folder.path() / "spm.model").string() + ": expected "))
      << message;
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(SentencePieceTest, MissingFileAndTooFewPieces) {
  const ModelFolder folder("albert", AlbertModel().bytes());
  const std::string missing =
      ErrorOf(ErrorCode::kUnreadable, [&] { LoadSentencePiece(folder.path(), "xlm-roberta"); });
  EXPECT_NE(missing.find("sentencepiece.bpe.model"), std::string::npos) << missing;
  Message model;
  model.Piece("<unk>", 0, 2).Piece("<s>", 0, 3).Piece("</s>", 0, 3);
  const std::string few = ErrorOf(ErrorCode::kMalformed, [&] { Make("xlm-roberta", model); });
  EXPECT_TRUE(few.ends_with("expected more than 3 pieces, found 3")) << few;
}

TEST(SentencePieceTest, FileNames) {
  EXPECT_EQ(SentencePieceFileName("albert"), "spiece.model");
  EXPECT_EQ(SentencePieceFileName("xlm-roberta"), "sentencepiece.bpe.model");
  EXPECT_EQ(SentencePieceFileName("camembert"), "sentencepiece.bpe.model");
  EXPECT_EQ(SentencePieceFileName("deberta-v2"), "spm.model");
  EXPECT_EQ(SentencePieceFileName("bert"), "");
}

}  // namespace
}  // namespace bertqa
