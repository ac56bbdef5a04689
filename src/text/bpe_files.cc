#include "text/bpe_files.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/utf8.h"
#include "text/bpe.h"
#include "text/composed_tokenizer.h"
#include "text/json_node.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxId = 10'000'000;

/// The lines of a merges.txt: two pieces each, the first rank first. A first line that begins with
/// "#version" is a heading, as transformers has it.
std::vector<BpeModel::Merge> ReadMerges(const fs::path& path) {
  const std::string text = ReadFile(path);
  RequireUtf8(text, path.string());
  std::vector<BpeModel::Merge> merges;
  std::size_t number = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.empty() || line.starts_with("#version")) {
      continue;
    }
    const std::size_t space = line.find(' ');
    if (space == line.npos || line.find(' ', space + 1) != line.npos) {
      throw Error(ErrorCode::kMalformed, path.string() + ":" + std::to_string(number) +
                                             ": expected two pieces, found \"" + std::string(line) +
                                             "\"");
    }
    merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  return merges;
}

PieceTable ReadVocabulary(const fs::path& path) {
  PieceTable pieces;
  JsonNode::ReadFile(path).ForEachMember([&](const std::string& piece, const JsonNode& id) {
    pieces.Add(piece, static_cast<TokenId>(id.Index(kMaxId)));
  });
  if (pieces.size() == 0) {
    throw Error(ErrorCode::kMalformed, path.string() + ": expected pieces, found none");
  }
  return pieces;
}

BpeOptions ByteLevelOptions() {
  BpeOptions options;
  options.byte_level = true;
  return options;
}

/// A token as a string, or as the object {"content": …} that transformers writes.
std::string TokenOr(const JsonNode& config, const std::string& key, const std::string& otherwise) {
  const auto node = config.Find(key);
  if (!node) {
    return otherwise;
  }
  return node->IsObject() ? node->At("content").String() : node->String();
}

TokenId RequireToken(const PieceTable& pieces, const std::string& token, const fs::path& path) {
  const TokenId id = pieces.FindAny(token);
  if (id < 0) {
    throw Error(ErrorCode::kMalformed,
                path.string() + ": expected the special token \"" + token + "\", found none");
  }
  return id;
}

/// The tokens of tokenizer_config.json's "added_tokens_decoder" that a text may hold.
std::vector<AddedToken> ReadAddedTokens(const JsonNode& config, PieceTable& pieces) {
  std::vector<AddedToken> tokens;
  const auto list = config.Find("added_tokens_decoder");
  if (!list) {
    return tokens;
  }
  list->ForEachMember([&](const std::string& key, const JsonNode& item) {
    if (key.empty() || key.size() > 7 || key.find_first_not_of("0123456789") != key.npos) {
      item.Fail(ErrorCode::kMalformed, "expected an id as the key");
    }
    tokens.push_back({.id = static_cast<TokenId>(std::stoi(key)),
                      .content = item.At("content").String(),
                      .is_special = item.BoolOr("special", false),
                      .single_word = item.BoolOr("single_word", false),
                      .strips_left = item.BoolOr("lstrip", false),
                      .strips_right = item.BoolOr("rstrip", false)});
    pieces.Add(tokens.back().content, tokens.back().id);
  });
  return tokens;
}

}  // namespace

std::unique_ptr<Tokenizer> LoadByteLevelBpe(const fs::path& directory) {
  const fs::path vocabulary = directory / "vocab.json";
  const fs::path config_file = directory / "tokenizer_config.json";
  const JsonNode config =
      Exists(config_file) ? JsonNode::ReadFile(config_file) : JsonNode::EmptyObject(config_file);
  PieceTable pieces = ReadVocabulary(vocabulary);
  TokenizerParts parts;
  parts.raw_tokens = AddedTokenFinder(ReadAddedTokens(config, pieces));
  const TokenId cls = RequireToken(pieces, TokenOr(config, "cls_token", "<s>"), vocabulary);
  const TokenId sep = RequireToken(pieces, TokenOr(config, "sep_token", "</s>"), vocabulary);
  parts.pair = {.prefix = {cls}, .separator = {sep, sep}, .suffix = {sep}, .context_segment = 0};
  parts.pre_tokenizer =
      MakeByteLevelPreTokenizer(config.BoolOr("add_prefix_space", false), /*use_regex=*/true);
  parts.pieces = std::make_shared<const PieceTable>(std::move(pieces));
  const fs::path merges = directory / "merges.txt";
  parts.model = std::make_unique<BpeModel>(parts.pieces, ReadMerges(merges), ByteLevelOptions(),
                                           merges.string());
  return std::make_unique<ComposedTokenizer>(std::move(parts));
}

}  // namespace bertqa
