#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "text/bpe.h"
#include "text/piece_table.h"
#include "text/subword_model.h"
#include "text/tokenizer_config.h"

// The slow, obvious twins of the tokenizers, from their definitions: whole texts step by step,
// every cut tried, words looked up in a map. For tests that compare.

namespace bertqa {

/// Byte-pair encoding, word for word: merge the pair of lowest rank, the leftmost first, until
/// there is none. Symbols are the bytes of `word`.
class SlowBpe {
 public:
  SlowBpe(const PieceTable& pieces, const std::vector<BpeModel::Merge>& merges);

  std::vector<WordToken> Tokens(std::string_view word) const;
  /// The same of symbols that are given: their spellings, and what each stands for.
  std::vector<WordToken> Tokens(std::vector<std::string> symbols,
                                std::vector<ByteSpan> spans) const;

 private:
  const PieceTable& pieces_;
  std::map<BpeModel::Merge, std::size_t> ranks_;
};

/// GPT-2's pre-tokenization: the alternatives of its regular expression (gpt2_pattern.h), one after
/// the other, as a matcher that goes back tries them. The pieces of `text`, which is valid UTF-8.
std::vector<ByteSpan> SlowGpt2Pieces(std::string_view text);

/// BERT's tokenizer: clean, set ideographs apart, decompose, reorder, strip, lower-case, split,
/// then the longest piece first.
class SlowWordPiece {
 public:
  SlowWordPiece(const std::vector<std::string>& pieces, const WordPieceConfig& config);

  /// REQUIRES: valid UTF-8.
  Encoding Encode(std::string_view text) const;

 private:
  struct Character {
    char32_t value = 0;
    ByteSpan origin;
    bool is_first = true;  ///< of what its source decomposed to
  };
  using Characters = std::vector<Character>;

  Characters Clean(std::string_view text) const;
  Characters StripAccents(const Characters& characters) const;
  void AppendWord(const Characters& word, Encoding& encoding) const;

  WordPieceConfig config_;
  std::map<std::string, TokenId, std::less<>> ids_;
};

/// The best of all ways to cut `word`, found by trying them all, as Unigram has it: the highest sum
/// of scores; of equals, the one whose last piece begins first, then the last but one. A character
/// without a piece of its own may be unknown, `unknown_score` each; neighbouring ones are one
/// token. Exponential: REQUIRES a short word.
std::vector<WordToken> SlowUnigram(const std::map<std::string, ScoredPiece, std::less<>>& pieces,
                                   TokenId unknown_id, double unknown_score, std::string_view word);

}  // namespace bertqa
