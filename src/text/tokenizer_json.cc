#include "text/tokenizer_json.h"

#include <utility>
#include <vector>

#include "text/composed_tokenizer.h"
#include "text/tokenizer_json_parts.h"

namespace bertqa {
namespace {

constexpr std::size_t kMaxId = 10'000'000;

/// The two kinds of added tokens: those looked for before normalization, and after it.
struct AddedTokens {
  std::vector<AddedToken> raw;
  std::vector<AddedToken> normalized;
};

std::string Normalized(const Normalizer* normalizer, const std::string& text) {
  if (normalizer == nullptr) {
    return text;
  }
  return std::string(normalizer->Apply(AlignedText(text, {0, text.size()})).view());
}

/// Reads "added_tokens", gives `pieces` those that the model has not, and hides the special ones:
/// no text can become one.
AddedTokens ReadAddedTokens(const JsonNode& root, const Normalizer* normalizer,
                            PieceTable& pieces) {
  AddedTokens tokens;
  const auto list = root.Find("added_tokens");
  if (!list) {
    return tokens;
  }
  for (const JsonNode& item : list->Items()) {
    AddedToken token = {.id = static_cast<TokenId>(item.At("id").Index(kMaxId)),
                        .content = item.At("content").String(),
                        .is_special = item.BoolOr("special", false),
                        .single_word = item.BoolOr("single_word", false),
                        .strips_left = item.BoolOr("lstrip", false),
                        .strips_right = item.BoolOr("rstrip", false)};
    pieces.Add(token.content, token.id);
    if (pieces.Piece(token.id) != token.content) {
      item.At("id").Fail(ErrorCode::kMalformed, "expected the id of \"" + token.content +
                                                    "\", found that of \"" +
                                                    std::string(pieces.Piece(token.id)) + "\"");
    }
    if (token.is_special) {
      pieces.Hide(token.id);
    }
    if (item.BoolOr("normalized", true)) {
      token.content = Normalized(normalizer, token.content);
      tokens.normalized.push_back(std::move(token));
    } else {
      tokens.raw.push_back(std::move(token));
    }
  }
  return tokens;
}

std::unique_ptr<Tokenizer> Compose(const JsonNode& root) {
  TokenizerParts parts;
  const JsonNode model = root.At("model");
  if (const auto normalizer = root.Find("normalizer")) {
    parts.normalizer = ReadNormalizer(*normalizer);
  }
  PieceTable pieces = ReadModelPieces(model);
  AddedTokens added = ReadAddedTokens(root, parts.normalizer.get(), pieces);
  if (pieces.size() == 0) {
    model.At("vocab").Fail(ErrorCode::kMalformed, "expected pieces, found none");
  }
  parts.raw_tokens = AddedTokenFinder(std::move(added.raw));
  parts.normalized_tokens = AddedTokenFinder(std::move(added.normalized));
  parts.pair = ReadPairTemplate(root.At("post_processor"), pieces.size());
  bool byte_level = false;
  if (const auto node = root.Find("pre_tokenizer")) {
    ReadPreTokenizerResult pre_tokenizer = ReadPreTokenizer(*node);
    parts.pre_tokenizer = std::move(pre_tokenizer.pre_tokenizer);
    byte_level = pre_tokenizer.byte_level;
  }
  parts.pieces = std::make_shared<const PieceTable>(std::move(pieces));
  parts.model = ReadModel(model, parts.pieces, byte_level);
  return std::make_unique<ComposedTokenizer>(std::move(parts));
}

}  // namespace

std::unique_ptr<Tokenizer> LoadTokenizerJson(const std::filesystem::path& path) {
  return Compose(JsonNode::ReadFile(path));
}

std::unique_ptr<Tokenizer> ParseTokenizerJson(std::string_view text, const std::string& name) {
  return Compose(JsonNode::Parse(text, name));
}

}  // namespace bertqa
