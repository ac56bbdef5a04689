// Tokenizers against their slow, obvious versions (text/slow_tokenizers.h): ids and spans are
// equal. The first byte of an input chooses the twins.

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "fuzz/fuzz_target.h"
#include "text/bpe_files.h"
#include "text/byte_spelling.h"
#include "text/slow_tokenizers.h"
#include "text/tokenizer_json.h"
#include "text/unicode.h"
#include "text/unigram.h"
#include "text/wordpiece.h"

namespace bertqa::fuzz {
namespace {

std::vector<std::string> PiecesOf(const Tokenizer& tokenizer) {
  std::vector<std::string> pieces;
  for (std::size_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    pieces.emplace_back(tokenizer.Piece(static_cast<TokenId>(id)));
  }
  return pieces;
}

void RequireSame(const Encoding& left, const Encoding& right, const char* what) {
  Require(left.ids == right.ids && left.spans == right.spans, what);
}

/// BERT's tokenizer three times: the fast one, the parts of a tokenizer.json, the slow one.
class WordPieceTwins {
 public:
  WordPieceTwins(const std::string& name, const WordPieceConfig& config)
      : composed_(LoadTokenizerJson("golden/tokenizers/" + name + ".json")),
        fast_(MakeWordPiece(PiecesOf(*composed_), config)),
        slow_(PiecesOf(*composed_), config) {}

  void Compare(const std::string& text) const {
    const Encoding expected = slow_.Encode(text);
    RequireSame(fast_->Encode(text), expected, "the fast WordPiece is the slow one");
    RequireSame(composed_->Encode(text), expected, "the composed WordPiece is the slow one");
  }

 private:
  std::unique_ptr<const Tokenizer> composed_;
  std::unique_ptr<const Tokenizer> fast_;
  SlowWordPiece slow_;
};

WordPieceConfig Bert() {
  WordPieceConfig config;
  config.lowercase = false;
  return config;
}

/// Byte-level BPE: GPT-2's expression and the definition of BPE.
class ByteLevelTwins {
 public:
  ByteLevelTwins() : fast_(LoadByteLevelBpe(kFolder)), slow_(pieces_, ReadMerges()) {
    const std::vector<std::string> pieces = PiecesOf(*fast_);
    for (std::size_t id = 0; id < pieces.size(); ++id) {
      pieces_.Add(pieces[id], static_cast<TokenId>(id));
    }
  }

  void Compare(const std::string& text) const {
    std::vector<TokenId> ids;
    std::vector<ByteSpan> spans;
    for (const ByteSpan piece : SlowGpt2Pieces(text)) {
      for (const WordToken& token : Tokens(text.substr(piece.begin, piece.end - piece.begin))) {
        ids.push_back(token.id);
        spans.push_back({piece.begin + token.begin, piece.begin + token.end});
      }
    }
    const Encoding encoding = fast_->Encode(text);
    Require(encoding.ids == ids, "byte-level BPE cuts as the definition says");
    for (std::size_t i = 0; i < spans.size(); ++i) {
      const ByteSpan expected = Trimmed(text, Whole(text, spans[i]));
      Require(expected.begin == expected.end || encoding.spans[i] == expected,
              "a span of byte-level BPE is the characters of its bytes, without white space");
    }
  }

 private:
  static constexpr const char* kFolder = "golden/tokenizers/roberta";

  static std::vector<BpeModel::Merge> ReadMerges() {
    std::ifstream file(std::string(kFolder) + "/merges.txt");
    std::vector<BpeModel::Merge> merges;
    std::string line;
    std::getline(file, line);  // "#version: …"
    for (std::string left, right; file >> left >> right;) {
      merges.emplace_back(left, right);
    }
    return merges;
  }

  std::vector<WordToken> Tokens(const std::string& word) const {
    std::vector<std::string> symbols;
    std::vector<ByteSpan> spans;
    for (std::size_t i = 0; i < word.size(); ++i) {
      symbols.push_back(SpellBytes(word.substr(i, 1)));
      spans.push_back({i, i + 1});
    }
    return slow_.Tokens(std::move(symbols), std::move(spans));
  }

  static ByteSpan Whole(const std::string& text, ByteSpan span) {
    while (!IsBoundary(text, span.begin)) {
      --span.begin;
    }
    while (!IsBoundary(text, span.end)) {
      ++span.end;
    }
    return span;
  }

  /// Empty if there is nothing but white space.
  static ByteSpan Trimmed(const std::string& text, ByteSpan span) {
    ByteSpan trimmed = {span.end, span.end};
    for (std::size_t i = span.begin; i < span.end; i += DecodeAt(text, i).size) {
      const CodePoint point = DecodeAt(text, i);
      if (!PropertiesOf(point.value).Is(kWhiteSpace)) {
        trimmed = {std::min(trimmed.begin, i), i + point.size};
      }
    }
    return trimmed.begin < trimmed.end ? trimmed : ByteSpan{};
  }

  std::unique_ptr<const Tokenizer> fast_;
  PieceTable pieces_;
  SlowBpe slow_;
};

/// Unigram over a few letters, whose scores are whole numbers: full of ties.
class UnigramTwins {
 public:
  UnigramTwins() {
    constexpr std::array<const char*, 14> kTexts = {"a",   "b", "ab", "ba",  "aa",   "bb", "aba",
                                                    "bab", "é", "aé", "éaa", "abab", "c",  "ccc"};
    for (const char* const text : kTexts) {
      const auto id = static_cast<TokenId>(list_.size() + 1);
      list_.push_back({text, -static_cast<double>(list_.size() * 5 % 7), id});
      pieces_[text] = list_.back();
    }
    fast_ = std::make_unique<UnigramModel>(
        list_, UnigramOptions{.unknown_id = kUnknown, .lowest_score = kLowest});
  }

  /// Each byte is a letter, so that words are mostly of pieces.
  void Compare(std::string_view bytes) const {
    constexpr std::array<const char*, 8> kLetters = {"a", "b", "a", "b", "é", "c", "x", "日"};
    std::string word;
    for (const char byte : bytes.substr(0, kMaxCharacters)) {
      word += kLetters[static_cast<unsigned char>(byte) % kLetters.size()];
    }
    if (word.empty()) {
      return;
    }
    std::vector<WordToken> tokens;
    fast_->Append(word, tokens);
    Require(tokens == SlowUnigram(pieces_, kUnknown, kLowest - 10, word),
            "Unigram cuts as the best of all ways");
  }

 private:
  static constexpr std::size_t kMaxCharacters = 9;
  static constexpr TokenId kUnknown = 0;
  static constexpr double kLowest = -6;

  std::vector<ScoredPiece> list_;
  std::map<std::string, ScoredPiece, std::less<>> pieces_;
  std::unique_ptr<UnigramModel> fast_;
};

/// Character BPE, where words are long enough for both ways to merge (bpe.cc).
class BpeTwins {
 public:
  BpeTwins() {
    const std::vector<BpeModel::Merge> merges = {
        {"b", "a"}, {"a", "a"},   {"a", "b"},   {"aa", "b"}, {"ab", "ab"}, {"c", "aab"},
        {"b", "b"}, {"ba", "aa"}, {"bb", "bb"}, {"c", "c"},  {"abab", "c"}};
    for (const char* const letter : {"a", "b", "c"}) {
      pieces_->Add(letter, static_cast<TokenId>(pieces_->size()));
    }
    for (const auto& [left, right] : merges) {
      pieces_->Add(left + right, static_cast<TokenId>(pieces_->size()));
    }
    fast_ = std::make_unique<BpeModel>(pieces_, merges, BpeOptions(), "merges");
    slow_ = std::make_unique<SlowBpe>(*pieces_, merges);
  }

  void Compare(std::string_view bytes) const {
    std::string word;
    for (const char byte : bytes) {
      word += static_cast<char>('a' + static_cast<unsigned char>(byte) % 3);
    }
    if (word.empty()) {
      return;
    }
    std::vector<WordToken> tokens;
    fast_->Append(word, tokens);
    Require(tokens == slow_->Tokens(word), "BPE merges as the definition says");
  }

 private:
  std::shared_ptr<PieceTable> pieces_ = std::make_shared<PieceTable>();
  std::unique_ptr<BpeModel> fast_;
  std::unique_ptr<SlowBpe> slow_;
};

void Run(Input input) {
  static const WordPieceTwins cased("bert", Bert());
  static const WordPieceTwins uncased("mpnet", DefaultWordPieceConfig(PairLayout::kMpnet));
  static const ByteLevelTwins byte_level;
  static const UnigramTwins unigram;
  static const BpeTwins bpe;
  const unsigned choice = input.TakeByte() % 5;
  const std::string text = AsUtf8(input.rest());
  switch (choice) {
    case 0:
      return cased.Compare(text);
    case 1:
      return uncased.Compare(text);
    case 2:
      return byte_level.Compare(text);
    case 3:
      return unigram.Compare(input.rest());
    default:
      return bpe.Compare(input.rest());
  }
}

}  // namespace
}  // namespace bertqa::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bertqa::fuzz::Run({data, size});
  return 0;
}
