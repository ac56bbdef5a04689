#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "text/byte_trie.h"
#include "text/piece_table.h"
#include "text/subword_model.h"

namespace bertqa {

/// The Unigram language model (Kudo 2018, section 3.2): of all ways to cut a word into pieces, the
/// one with the highest sum of scores (log probabilities), found by Viterbi; of equals, the one
/// whose last piece begins first. A character that no piece of its own stands for may be cut as
/// unknown, 10 below the lowest score; neighbouring unknown ones are one token.
/// Scores are added in double precision, as `tokenizers` does. Time is linear in the word times the
/// longest piece.
class UnigramModel : public SubwordModel {
 public:
  /// `scores` [pieces.size()]. A piece that is hidden in `pieces` is never cut.
  /// `unknown_id` is -1 if there is none: then an unknown character gives no token.
  UnigramModel(std::shared_ptr<const PieceTable> pieces, std::vector<double> scores,
               TokenId unknown_id, bool byte_fallback);

  void Append(std::string_view word, std::vector<WordToken>& tokens) const override;

 private:
  void AppendUnknown(std::string_view text, std::size_t begin,
                     std::vector<WordToken>& tokens) const;

  std::shared_ptr<const PieceTable> pieces_;
  std::vector<double> scores_;
  ByteTrie trie_;
  TokenId unknown_id_;
  double unknown_score_ = 0;
  std::vector<TokenId> byte_ids_;  ///< [256] of "<0x…>", empty without byte fallback
};

}  // namespace bertqa
