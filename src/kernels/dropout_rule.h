#pragma once

#include <cstdint>

namespace bertqa {

/// A mask of dropout as vectors read it.
struct DropoutRule {
  std::uint32_t low = 0;  // of the key
  std::uint32_t high = 0;
  std::uint32_t threshold = 0;  // a hash below it: dropped
  float factor = 1;             // of what is kept
};

DropoutRule MakeDropoutRule(std::uint64_t key, double probability);

}  // namespace bertqa
