#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/byte_trie.h"
#include "text/subword_model.h"

namespace bertqa {

struct UnigramOptions {
  TokenId unknown_id = -1;  ///< -1: an unknown character gives no token
  double lowest_score = 0;  ///< of all pieces, those too that text cannot become
  /// [256] of "<0x…>", -1 where there is none; empty: no byte fallback.
  std::vector<TokenId> byte_ids = {};
};

/// The Unigram language model (Kudo 2018, section 3.2): of all ways to cut a word into pieces, the
/// one with the highest sum of scores (log probabilities), found by Viterbi; of equals, the one
/// whose last piece begins first. A character that no piece of its own stands for may be cut as
/// unknown, 10 below the lowest score; neighbouring unknown ones are one token.
/// Scores are added in double precision, as `tokenizers` does. Time is linear in the word times the
/// longest piece.
class UnigramModel : public SubwordModel {
 public:
  /// `pieces` are those that text can become; their views are needed during construction only.
  UnigramModel(const std::vector<ScoredPiece>& pieces, UnigramOptions options);

  void Append(std::string_view word, std::vector<WordToken>& tokens) const override;

 private:
  struct Node;

  std::size_t Extend(std::string_view word, std::size_t begin, std::vector<Node>& nodes) const;
  void ResolveUnknown(std::string_view word, std::size_t first,
                      std::vector<WordToken>& tokens) const;

  std::vector<ScoredPiece> pieces_;  ///< by the values of `trie_`; the texts are gone
  ByteTrie trie_;
  UnigramOptions options_;
};

}  // namespace bertqa
