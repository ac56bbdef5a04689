#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/piece_table.h"
#include "text/subword_model.h"

namespace bertqa {

/// WordPiece of a `tokenizer.json`: greedy longest match, as WordPieceTokenizer, with a prefix and
/// a limit of the file's own. It looks in a hash table for each length: the vocabulary of a
/// `vocab.txt` is faster (wordpiece.h).
class WordPieceModel : public SubwordModel {
 public:
  WordPieceModel(std::shared_ptr<const PieceTable> pieces, TokenId unknown_id,
                 std::string continuing_prefix, std::size_t max_word_characters);

  void Append(std::string_view word, std::vector<WordToken>& tokens) const override;

 private:
  bool AppendPieces(std::string_view word, std::vector<WordToken>& tokens) const;

  std::shared_ptr<const PieceTable> pieces_;
  TokenId unknown_id_;
  std::string prefix_;
  std::size_t max_word_characters_;
  std::size_t longest_piece_ = 0;  ///< in bytes
};

}  // namespace bertqa
