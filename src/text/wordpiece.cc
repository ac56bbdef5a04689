#include "text/wordpiece.h"

#include <utility>

#include "base/files.h"
#include "base/utf8.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

/// Turns each word into its pieces.
class PieceCollector : public WordSink {
 public:
  PieceCollector(const Vocabulary& vocabulary, TokenId unknown_id, Encoding& encoding)
      : vocabulary_(vocabulary), unknown_id_(unknown_id), encoding_(encoding) {}

  void OnWord(const Word& word) override {
    const std::size_t tokens_before = encoding_.ids.size();
    if (word.characters <= kMaxWordCharacters && AppendPieces(word)) {
      return;
    }
    encoding_.ids.resize(tokens_before);
    encoding_.spans.resize(tokens_before);
    Append(unknown_id_, word.Origin(0, word.text.size()));
  }

 private:
  /// False if some rest of the word has no piece: then the whole word is unknown.
  bool AppendPieces(const Word& word) {
    Vocabulary::Match match = vocabulary_.LongestAtBegin(word.text);
    std::size_t begin = 0;
    while (match.bytes > 0) {
      Append(match.id, word.Origin(begin, begin + match.bytes));
      begin += match.bytes;
      if (begin == word.text.size()) {
        return true;
      }
      match = vocabulary_.LongestInside(word.text.substr(begin));
    }
    return false;
  }

  void Append(TokenId id, ByteSpan span) {
    encoding_.ids.push_back(id);
    encoding_.spans.push_back(span);
  }

  const Vocabulary& vocabulary_;
  TokenId unknown_id_;
  Encoding& encoding_;
};

TokenId RequireToken(const Vocabulary& vocabulary, const std::string& token,
                     const std::string& name) {
  const std::optional<TokenId> id = vocabulary.Find(token);
  if (!id) {
    throw Error(ErrorCode::kMalformed, name + ":" + std::to_string(vocabulary.size()) +
                                           ": expected the special token \"" + token +
                                           "\" on some line, found the end of the vocabulary");
  }
  return *id;
}

/// `[CLS] question [SEP] context [SEP]`, segments 0 and 1 (Devlin et al. 2019, section 4.2); MPNet
/// has two separators.
PairTemplate MakeTemplate(PairLayout layout, TokenId cls_id, TokenId sep_id) {
  PairTemplate pair;
  pair.prefix = {cls_id};
  pair.separator.assign(layout == PairLayout::kMpnet ? 2 : 1, sep_id);
  pair.suffix = {sep_id};
  return pair;
}

}  // namespace

WordPieceTokenizer::WordPieceTokenizer(Vocabulary vocabulary, const WordPieceConfig& config,
                                       const std::string& name)
    : vocabulary_(std::move(vocabulary)),
      options_{config.lowercase, config.strip_accents.value_or(config.lowercase),
               config.tokenize_chinese_chars},
      unknown_id_(RequireToken(vocabulary_, config.unk_token, name)),
      pair_template_(MakeTemplate(config.layout, RequireToken(vocabulary_, config.cls_token, name),
                                  RequireToken(vocabulary_, config.sep_token, name))) {}

Encoding WordPieceTokenizer::Encode(std::string_view text) const {
  RequireUtf8(text, "text");
  Encoding encoding;
  // English has one token for 4.5 bytes; more than that grows as vectors do.
  encoding.ids.reserve(text.size() / 4 + 8);
  encoding.spans.reserve(text.size() / 4 + 8);
  PieceCollector collector(vocabulary_, unknown_id_, encoding);
  SplitWords(text, options_, collector);
  return encoding;
}

std::unique_ptr<Tokenizer> LoadWordPiece(const std::filesystem::path& vocab_file,
                                         const WordPieceConfig& config) {
  const std::string name = vocab_file.string();
  return std::make_unique<WordPieceTokenizer>(Vocabulary(ReadFile(vocab_file), name), config, name);
}

std::unique_ptr<Tokenizer> MakeWordPiece(const std::vector<std::string>& vocabulary,
                                         const WordPieceConfig& config) {
  std::string lines;
  for (const std::string& token : vocabulary) {
    lines += token;
    lines += '\n';
  }
  const std::string name = "vocabulary";
  return std::make_unique<WordPieceTokenizer>(Vocabulary(std::move(lines), name), config, name);
}

}  // namespace bertqa
