#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace bertqa {

/// A set of byte strings with a number each: for all that a text begins with, in one pass.
/// Nodes are numbers, edges lie in one hash table.
class ByteTrie {
 public:
  static constexpr std::int32_t kNone = -1;
  static constexpr std::uint32_t kRoot = 0;
  static constexpr std::uint32_t kNoNode = std::numeric_limits<std::uint32_t>::max();

  ByteTrie();

  /// The first value of a key holds. REQUIRES: value >= 0, key not empty.
  void Add(std::string_view key, std::int32_t value);

  /// The node behind `node` on `byte`, or kNoNode.
  std::uint32_t Next(std::uint32_t node, char byte) const {
    if (node == kRoot) {
      return first_[static_cast<unsigned char>(byte)];
    }
    const std::uint64_t key = KeyOf(node, byte);
    std::size_t slot = SlotOf(key);
    while (slots_[slot].node != kNoNode) {
      if (slots_[slot].key == key) {
        return slots_[slot].node;
      }
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return kNoNode;
  }

  /// The number of the key that ends at a node, or kNone.
  std::int32_t Value(std::uint32_t node) const { return values_[node]; }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t node = kNoNode;
  };

  static std::uint64_t KeyOf(std::uint32_t node, char byte) {
    return static_cast<std::uint64_t>(node) << 8U | static_cast<unsigned char>(byte);
  }
  std::size_t SlotOf(std::uint64_t key) const {
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ULL) >> 24U) & (slots_.size() - 1);
  }
  std::uint32_t NextOrNew(std::uint32_t node, char byte);
  void Insert(Slot entry);

  std::vector<std::int32_t> values_;  ///< by node
  std::vector<std::uint32_t> first_;  ///< the root's edges, by byte
  std::vector<Slot> slots_;           ///< a power of two, at most half full
  std::size_t used_ = 0;
};

}  // namespace bertqa
