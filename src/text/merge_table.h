#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// The merges of a BPE model by the ids of what they merge.
class MergeTable {
 public:
  static constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();

  struct Result {
    std::uint32_t rank = kNever;  ///< lower goes first
    TokenId id = -1;              ///< what the two become
  };

  /// Room for `count` merges.
  explicit MergeTable(std::size_t count);

  /// The last of several merges of one pair holds, as in `tokenizers`.
  /// REQUIRES: at most as many as the constructor was told.
  void Add(TokenId left, TokenId right, Result result);

  Result Find(TokenId left, TokenId right) const {
    const std::uint64_t key = KeyOf(left, right);
    std::size_t slot = SlotOf(key);
    while (slots_[slot].key != key) {
      if (slots_[slot].key == kFree) {
        return {};
      }
      slot = (slot + 1) & mask_;
    }
    return slots_[slot].result;
  }

 private:
  static constexpr std::uint64_t kFree = std::numeric_limits<std::uint64_t>::max();

  struct Slot {
    std::uint64_t key = kFree;
    Result result;
  };

  static std::uint64_t KeyOf(TokenId left, TokenId right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32U |
           static_cast<std::uint32_t>(right);
  }
  std::size_t SlotOf(std::uint64_t key) const {
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ULL) >> 20U) & mask_;
  }

  std::vector<Slot> slots_;  ///< open addressing, a power of two, at most half full
  std::size_t mask_ = 0;
};

}  // namespace bertqa
