#include "text/sentencepiece_file.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/error_of.h"
#include "base/files.h"
#include "bertqa/error.h"
#include "text/charsmap.h"
#include "text/sentencepiece_message.h"

namespace bertqa::spm {
namespace {

Message Small() {
  Message model;
  model.Piece("<unk>", 0, 2).Piece("<s>", 0, 3).Piece("a", -1.5F).Piece("b", -2, 4);
  return model;
}

void ExpectError(const std::string& bytes, ErrorCode code, const std::string& message) {
  EXPECT_EQ(ErrorOf(code, [&] { ReadModelFile(bytes, "x.model"); }), message);
}

void ExpectMalformed(const std::string& bytes, const std::string& finding) {
  ExpectError(bytes, ErrorCode::kMalformed,
              "x.model: expected a SentencePiece model, found " + finding);
}

TEST(SentencePieceFileTest, ReadsPiecesAndSettings) {
  Message file = Small();
  file.Bytes(2, Message().Varint(3, 2).Varint(40, 0).Bytes(99, "unknown field").bytes());
  file.Bytes(3, Message().Bytes(1, "own").Bytes(2, "map").Varint(3, 1).bytes());
  file.Bytes(4, "self test");
  const ModelFile model = ReadModelFile(file.bytes(), "x.model");
  ASSERT_EQ(model.pieces.size(), 4U);
  EXPECT_EQ(model.pieces[2].text, "a");
  EXPECT_EQ(model.pieces[2].score, -1.5F);
  EXPECT_EQ(model.pieces[3].type, PieceType::kUserDefined);
  EXPECT_EQ(model.type, ModelType::kBpe);
  EXPECT_EQ(model.unknown_id, 0U);
  EXPECT_EQ(model.charsmap, "map");
}

TEST(SentencePieceFileTest, DefaultsAreThoseOfTheFormat) {
  const std::string bytes = Small().Bytes(1, Message().Bytes(1, "c").bytes()).bytes();
  const ModelFile model = ReadModelFile(bytes, "x.model");
  EXPECT_EQ(model.type, ModelType::kUnigram);
  EXPECT_EQ(model.charsmap, "");
  EXPECT_EQ(model.pieces.back().type, PieceType::kNormal);
  EXPECT_EQ(model.pieces.back().score, 0.0F);
}

TEST(SentencePieceFileTest, OnlyTextMatchesText) {
  const std::string bytes = Small().Piece("u", 0, 5).Piece("<0x41>", 0, 6).bytes();
  std::vector<bool> matches;
  for (const FilePiece& piece : ReadModelFile(bytes, "x.model").pieces) {
    matches.push_back(piece.matches_text());
  }
  EXPECT_EQ(matches, (std::vector<bool>{false, false, true, true, true, false}));
}

TEST(SentencePieceFileTest, NamesWhatIsWrong) {
  ExpectMalformed("", "no pieces");
  ExpectMalformed(Small().Piece("", 0).bytes(), "piece 4 without text");
  ExpectMalformed(Small().Piece("\xFF", 0).bytes(), "piece 4, which is not UTF-8");
  ExpectMalformed(Small().Piece("a", 0).bytes(), "the piece \"a\" for a second time, at 4");
  ExpectMalformed(Small().Piece("c", 0, 7).bytes(), "piece 4 of the unknown type 7");
  ExpectMalformed(Small().Piece("c", std::numeric_limits<float>::quiet_NaN()).bytes(),
                  "piece 4 with a score that is no number");
  ExpectMalformed(Small().Bytes(2, Message().Varint(40, 9).bytes()).bytes(),
                  "\"unk_id\" 9 with 4 pieces");
  ExpectMalformed(Small().Bytes(2, Message().Varint(40, 2).bytes()).bytes(),
                  "\"unk_id\" 2, which is not of the type \"unknown\"");
  ExpectMalformed("version https://git-lfs", "a field of an unknown kind (6)");
  ExpectMalformed(
      "\x0A\x7F"
      "abc",
      "the end of the data inside a field (127 bytes are wanted, 3 are left)");
  ExpectMalformed(std::string(11, '\xFF'), "a number of more than ten bytes");
}

TEST(SentencePieceFileTest, OtherModelsAreUnsupported) {
  ExpectError(Small().Bytes(2, Message().Varint(3, 4).bytes()).bytes(), ErrorCode::kUnsupported,
              "x.model: \"model_type\": expected 1 (Unigram) or 2 (BPE), found 4");
  ExpectError(Small().Bytes(2, Message().Varint(24, 1).bytes()).bytes(), ErrorCode::kUnsupported,
              "x.model: \"treat_whitespace_as_suffix\": expected false, found true");
  ExpectError(Small().Piece(std::string(kMaxPieceBytes, 'x'), 0).bytes(), ErrorCode::kUnsupported,
              "x.model: expected pieces of at most 16000000 bytes together, found 16000010");
}

/// Reads the file and applies its map to a text: an Error that names the file, or nothing.
void ReadAll(const std::string& bytes) {
  try {
    const ModelFile model = ReadModelFile(bytes, "x.model");
    if (model.charsmap.empty()) {
      return;
    }
    const Charsmap charsmap(model.charsmap, "x.model: map");
    charsmap.ForEachCharacter("a\u00BD \uFF21e\u0301\u00A8\u3000\u200B\uFDFA",
                              [](ByteSpan old, std::string_view character, bool) {
                                EXPECT_LT(old.begin, old.end);
                                EXPECT_FALSE(FindInvalidUtf8(character));
                              });
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("x.model: ")) << error.what();
  }
}

TEST(SentencePieceFileTest, CutAnywhereIsAnErrorOrASmallerModel) {
  const std::string bytes = ReadFile("golden/models/spm-camembert/sentencepiece.bpe.model");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_NO_FATAL_FAILURE(ReadAll(bytes.substr(0, size))) << size;
  }
}

TEST(SentencePieceFileTest, WrongBytesNeverCrash) {
  const std::string bytes = ReadFile("golden/models/spm-xlm-roberta/sentencepiece.bpe.model");
  constexpr unsigned kSeed = 8;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 300; ++round) {
    std::string wrong = bytes;
    for (int i = 0; i < 1 << (round % 14); ++i) {
      wrong[random() % wrong.size()] = static_cast<char>(random() % 256);
    }
    ASSERT_NO_FATAL_FAILURE(ReadAll(wrong)) << "seed " << kSeed << ", round " << round;
  }
}

}  // namespace
}  // namespace bertqa::spm
