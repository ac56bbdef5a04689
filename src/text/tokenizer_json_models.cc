// Models of a tokenizer.json.

#include <algorithm>
#include <utility>
#include <vector>

#include "text/byte_spelling.h"
#include "text/tokenizer_json_parts.h"
#include "text/unigram.h"
#include "text/wordpiece_model.h"

namespace bertqa {
namespace {

/// More pieces than any vocabulary has: an id beyond is a mistake, and would cost its memory.
constexpr std::size_t kMaxId = 10'000'000;

PieceTable ReadVocabularyObject(const JsonNode& model) {
  PieceTable pieces;
  model.At("vocab").ForEachMember([&pieces](const std::string& piece, const JsonNode& id) {
    pieces.Add(piece, static_cast<TokenId>(id.Index(kMaxId)));
  });
  return pieces;
}

PieceTable ReadVocabularyList(const JsonNode& model) {
  PieceTable pieces;
  TokenId id = 0;
  for (const JsonNode& item : model.At("vocab").Items()) {
    const std::vector<JsonNode> pair = item.Items();
    if (pair.size() != 2) {
      item.Fail(ErrorCode::kMalformed, "expected a piece and its score");
    }
    pieces.Add(pair[0].String(), id++);
  }
  return pieces;
}

/// "a b", or the pair ["a", "b"] that tokenizers 0.20 and later writes.
BpeModel::Merge ReadMerge(const JsonNode& item) {
  if (item.IsString()) {
    const std::string& text = item.String();
    const std::size_t space = text.find(' ');
    if (space != text.npos) {
      return {text.substr(0, space), text.substr(space + 1)};
    }
  } else if (const std::vector<JsonNode> pair = item.Items(); pair.size() == 2) {
    return {pair[0].String(), pair[1].String()};
  }
  item.Fail(ErrorCode::kMalformed, "expected two pieces to merge");
}

using Pieces = std::shared_ptr<const PieceTable>;
using ModelPtr = std::unique_ptr<SubwordModel>;

ModelPtr ReadBpe(const JsonNode& model, const Pieces& pieces, bool byte_level) {
  if (const auto dropout = model.Find("dropout"); dropout && dropout->Number() != 0) {
    dropout->Fail(ErrorCode::kUnsupported, "random merges are not supported; expected null");
  }
  BpeOptions options = {.byte_level = byte_level,
                        .unk_token = {},
                        .fuse_unk = model.BoolOr("fuse_unk", false),
                        .byte_fallback = model.BoolOr("byte_fallback", false),
                        .ignore_merges = model.BoolOr("ignore_merges", false),
                        .continuing_prefix = model.StringOr("continuing_subword_prefix", ""),
                        .end_of_word_suffix = model.StringOr("end_of_word_suffix", "")};
  if (byte_level && !(options.continuing_prefix + options.end_of_word_suffix).empty()) {
    model.Fail(ErrorCode::kUnsupported,
               "\"continuing_subword_prefix\" and \"end_of_word_suffix\" are not supported with "
               "\"ByteLevel\"");
  }
  if (const auto unknown = model.Find("unk_token")) {
    options.unk_token = unknown->String();
  }
  std::vector<BpeModel::Merge> merges;
  for (const JsonNode& item : model.At("merges").Items()) {
    merges.push_back(ReadMerge(item));
  }
  return std::make_unique<BpeModel>(pieces, merges, std::move(options), model.Place() + ".merges");
}

void RefuseByteLevel(const JsonNode& model, bool byte_level) {
  if (byte_level) {
    model.Fail(ErrorCode::kUnsupported, "expected \"BPE\" behind the pre-tokenizer \"ByteLevel\"");
  }
}

ModelPtr ReadUnigram(const JsonNode& model, const Pieces& pieces, bool byte_level) {
  RefuseByteLevel(model, byte_level);
  UnigramOptions options;
  std::vector<ScoredPiece> scored;
  TokenId id = 0;
  for (const JsonNode& item : model.At("vocab").Items()) {
    const double score = item.Items()[1].Number();
    options.lowest_score = id == 0 ? score : std::min(options.lowest_score, score);
    if (!pieces->IsHidden(id) && !pieces->Piece(id).empty()) {
      scored.push_back({pieces->Piece(id), score, id});
    }
    ++id;
  }
  if (const auto unknown = model.Find("unk_id"); unknown && id > 0) {
    options.unknown_id = static_cast<TokenId>(unknown->Index(static_cast<std::size_t>(id - 1)));
  }
  if (model.BoolOr("byte_fallback", false)) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      options.byte_ids.push_back(pieces->FindAny(SpellFallback(byte)));
    }
  }
  return std::make_unique<UnigramModel>(scored, std::move(options));
}

ModelPtr ReadWordPiece(const JsonNode& model, const Pieces& pieces, bool byte_level) {
  RefuseByteLevel(model, byte_level);
  const std::string unknown = model.StringOr("unk_token", "[UNK]");
  const TokenId unknown_id = pieces->FindAny(unknown);
  if (unknown_id < 0) {
    model.Fail(ErrorCode::kMalformed,
               "expected the unknown token \"" + unknown + "\" in the vocabulary, found none");
  }
  const auto limit = model.Find("max_input_chars_per_word");
  return std::make_unique<WordPieceModel>(pieces, unknown_id,
                                          model.StringOr("continuing_subword_prefix", "##"),
                                          limit ? limit->Index(kMaxId) : std::size_t{100});
}

struct ModelRow {
  std::string_view name;
  PieceTable (*read_pieces)(const JsonNode& model);
  ModelPtr (*read)(const JsonNode& model, const Pieces& pieces, bool byte_level);
};

constexpr ModelRow kModels[] = {
    {"WordPiece", ReadVocabularyObject, ReadWordPiece},
    {"BPE", ReadVocabularyObject, ReadBpe},
    {"Unigram", ReadVocabularyList, ReadUnigram},
};

/// Files of old versions have no "type": what is there decides.
const ModelRow& RowOf(const JsonNode& model) {
  if (model.Find("type")) {
    return FindComponent(model, kModels);
  }
  return model.At("vocab").IsArray() ? kModels[2] : model.Find("merges") ? kModels[1] : kModels[0];
}

}  // namespace

PieceTable ReadModelPieces(const JsonNode& model) {
  return RowOf(model).read_pieces(model);
}

std::unique_ptr<SubwordModel> ReadModel(const JsonNode& model,
                                        const std::shared_ptr<const PieceTable>& pieces,
                                        bool byte_level) {
  return RowOf(model).read(model, pieces, byte_level);
}

}  // namespace bertqa
