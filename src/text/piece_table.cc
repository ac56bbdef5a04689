#include "text/piece_table.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace bertqa {

std::string_view PieceTable::Piece(TokenId id) const {
  const Range range = pieces_[static_cast<std::size_t>(id)];
  return std::string_view(bytes_).substr(range.begin, range.size);
}

std::size_t PieceTable::SlotOf(std::string_view piece) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>()(piece) & mask;
  while (slots_[slot] >= 0 && Piece(slots_[slot]) != piece) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void PieceTable::Grow() {
  const std::vector<TokenId> old =
      std::exchange(slots_, std::vector<TokenId>(std::max<std::size_t>(64, 2 * slots_.size()), -1));
  for (const TokenId id : old) {
    if (id >= 0) {
      slots_[SlotOf(Piece(id))] = id;
    }
  }
}

void PieceTable::Add(std::string_view piece, TokenId id) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= pieces_.size()) {
    pieces_.resize(index + 1);
    is_hidden_.resize(index + 1);
  }
  if (pieces_[index].size != 0 || piece.empty()) {
    return;
  }
  if (2 * (used_ + 1) > slots_.size()) {
    Grow();
  }
  const std::size_t slot = SlotOf(piece);
  pieces_[index] = {bytes_.size(), piece.size()};
  bytes_ += piece;
  if (slots_[slot] < 0) {
    slots_[slot] = id;
    ++used_;
  }
}

TokenId PieceTable::FindAny(std::string_view piece) const {
  return slots_.empty() ? -1 : slots_[SlotOf(piece)];
}

TokenId PieceTable::Find(std::string_view piece) const {
  const TokenId id = FindAny(piece);
  return id >= 0 && !IsHidden(id) ? id : -1;
}

}  // namespace bertqa
