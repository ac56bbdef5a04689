#pragma once

#include <cstddef>

namespace bertqa {

/// Which calls of this program's operator new fail; all that it says nothing of succeed.
struct AllocationRule {
  std::size_t first = 0;  ///< the first call to fail, from 1, counted over all threads; 0: none
  bool and_all_later = false;
  std::size_t max_bytes = 0;  ///< a call for more fails; 0: none does
};

/// The rule holds from its construction to its destruction. One at a time.
class FailingAllocations {
 public:
  explicit FailingAllocations(const AllocationRule& rule);
  ~FailingAllocations();
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  /// Calls that failed so far.
  static std::size_t failures();
};

}  // namespace bertqa
