#include "text/merge_table.h"

#include <bit>

namespace bertqa {

MergeTable::MergeTable(std::size_t count)
    : slots_(std::bit_ceil(2 * count + 2)), mask_(slots_.size() - 1) {}

void MergeTable::Add(TokenId left, TokenId right, Result result) {
  const std::uint64_t key = KeyOf(left, right);
  std::size_t slot = SlotOf(key);
  while (slots_[slot].key != kFree && slots_[slot].key != key) {
    slot = (slot + 1) & mask_;
  }
  slots_[slot] = {key, result};
}

}  // namespace bertqa
