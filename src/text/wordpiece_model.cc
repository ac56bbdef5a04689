#include "text/wordpiece_model.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace bertqa {

WordPieceModel::WordPieceModel(std::shared_ptr<const PieceTable> pieces, TokenId unknown_id,
                               std::string continuing_prefix, std::size_t max_word_characters)
    : pieces_(std::move(pieces)),
      unknown_id_(unknown_id),
      prefix_(std::move(continuing_prefix)),
      max_word_characters_(max_word_characters) {
  for (std::size_t id = 0; id < pieces_->size(); ++id) {
    longest_piece_ = std::max(longest_piece_, pieces_->Piece(static_cast<TokenId>(id)).size());
  }
}

void WordPieceModel::Append(std::string_view word, std::vector<WordToken>& tokens) const {
  const std::size_t before = tokens.size();
  const bool is_short =
      word.size() <= max_word_characters_ || CountCodePoints(word) <= max_word_characters_;
  if (is_short && AppendPieces(word, tokens)) {
    return;
  }
  tokens.resize(before);
  tokens.push_back({unknown_id_, 0, word.size()});
}

/// False if some rest of the word has no piece: then the whole word is unknown.
bool WordPieceModel::AppendPieces(std::string_view word, std::vector<WordToken>& tokens) const {
  std::string spelling;
  for (std::size_t begin = 0; begin < word.size();) {
    const std::string_view prefix = begin > 0 ? std::string_view(prefix_) : std::string_view();
    std::size_t size = std::min(word.size() - begin, longest_piece_);
    TokenId id = -1;
    for (; size > 0; --size) {
      const std::size_t end = begin + size;
      if (end < word.size() && IsContinuationByte(word[end])) {
        continue;
      }
      spelling = prefix;
      spelling += word.substr(begin, size);
      id = pieces_->Find(spelling);
      if (id >= 0) {
        break;
      }
    }
    if (id < 0) {
      return false;
    }
    tokens.push_back({id, begin, begin + size});
    begin += size;
  }
  return true;
}

}  // namespace bertqa
