#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace bertqa {

/// Which values are dropped: a function of `key` and a value's index alone, so that the backward
/// pass finds them again without a mask, and a resumed run drops what the first would have.
struct DropoutMask {
  double probability = 0;  ///< in [0, 1)
  std::uint64_t key = 0;

  bool is_empty() const { return probability == 0; }
  /// The mask of another place of the network.
  DropoutMask At(std::uint64_t site) const;
};

/// values · kept / (1 - p), in place. Contiguous. On a device the mask is its own generator's,
/// seeded with the key.
void ApplyDropout(at::Tensor& values, const DropoutMask& mask);

/// The same with a gradient.
at::Tensor Dropout(const at::Tensor& values, const DropoutMask& mask);

}  // namespace bertqa
