#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// The spelling of every id, and the id of every spelling. Ids may have gaps: their spelling is
/// empty, and nothing finds them. Immutable once filled.
class PieceTable {
 public:
  /// Gives `id` a spelling; of an id that has one, the old one stays. A spelling that is there
  /// already keeps its first id. REQUIRES: id >= 0.
  void Add(std::string_view piece, TokenId id);

  /// Number of ids: the highest and one.
  std::size_t size() const { return pieces_.size(); }

  /// REQUIRES: id < size().
  std::string_view Piece(TokenId id) const;

  /// -1: there is none.
  TokenId Find(std::string_view piece) const;

  /// From now on, nothing finds this id: no text can become a special token.
  void Hide(TokenId id) { is_hidden_[static_cast<std::size_t>(id)] = true; }
  bool IsHidden(TokenId id) const { return is_hidden_[static_cast<std::size_t>(id)]; }

  /// Find without regard to Hide.
  TokenId FindAny(std::string_view piece) const;

 private:
  struct Range {
    std::size_t begin = 0;
    std::size_t size = 0;
  };

  std::size_t SlotOf(std::string_view piece) const;
  void Grow();

  std::string bytes_;
  std::vector<Range> pieces_;
  std::vector<bool> is_hidden_;
  std::vector<TokenId> slots_;  ///< open addressing, a power of two, at most half full
  std::size_t used_ = 0;
};

}  // namespace bertqa
