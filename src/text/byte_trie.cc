#include "text/byte_trie.h"

#include <utility>

namespace bertqa {

ByteTrie::ByteTrie() : values_(1, kNone), first_(256, kNoNode), slots_(64) {}

void ByteTrie::Insert(Slot entry) {
  std::size_t slot = SlotOf(entry.key);
  while (slots_[slot].node != kNoNode) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  slots_[slot] = entry;
}

std::uint32_t ByteTrie::NextOrNew(std::uint32_t node, char byte) {
  const std::uint32_t found = Next(node, byte);
  if (found != kNoNode) {
    return found;
  }
  const auto made = static_cast<std::uint32_t>(values_.size());
  values_.push_back(kNone);
  if (node == kRoot) {
    first_[static_cast<unsigned char>(byte)] = made;
    return made;
  }
  if (2 * (used_ + 1) > slots_.size()) {
    for (const Slot& old : std::exchange(slots_, std::vector<Slot>(2 * slots_.size()))) {
      if (old.node != kNoNode) {
        Insert(old);
      }
    }
  }
  Insert({KeyOf(node, byte), made});
  ++used_;
  return made;
}

void ByteTrie::Add(std::string_view key, std::int32_t value) {
  std::uint32_t node = kRoot;
  for (const char byte : key) {
    node = NextOrNew(node, byte);
  }
  if (values_[node] == kNone) {
    values_[node] = value;
  }
}

}  // namespace bertqa
