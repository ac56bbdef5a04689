#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bertqa::spm {

/// `SentencePiece.Type` of sentencepiece_model.proto.
enum class PieceType : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

/// Of all pieces together; the largest models have a quarter of it.
inline constexpr std::size_t kMaxPieceBytes = 16'000'000;

/// One row of a model's vocabulary; the row number is the id in the file.
struct FilePiece {
  std::string_view text;
  float score = 0;
  PieceType type = PieceType::kNormal;

  /// Whether text can become this piece. "[SEP]" in a text is plain text, so control pieces never
  /// match, and no text spells an unknown character or a byte.
  bool matches_text() const {
    return type == PieceType::kNormal || type == PieceType::kUserDefined ||
           type == PieceType::kUnused;
  }
};

/// `TrainerSpec.ModelType`.
enum class ModelType : std::uint8_t { kUnigram = 1, kBpe = 2 };

/// What a tokenizer needs of a SentencePiece model file (a `ModelProto`).
struct ModelFile {
  std::vector<FilePiece> pieces;
  ModelType type = ModelType::kUnigram;
  std::size_t unknown_id = 0;
  std::string_view charsmap;  ///< `precompiled_charsmap`; empty: none
};

/// Reads the protocol-buffer message that `bytes` holds. Views point into `bytes`, which outlive
/// the result. The pieces are distinct, not empty, valid UTF-8, with finite scores;
/// `unknown_id` < pieces.size().
/// Throws Error{kMalformed} "<name>: …" for anything else, Error{kUnsupported} for a word or
/// character model, for white space as a suffix, and for more than kMaxPieceBytes.
ModelFile ReadModelFile(std::string_view bytes, const std::string& name);

}  // namespace bertqa::spm
