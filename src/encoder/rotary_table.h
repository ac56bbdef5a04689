#pragma once

#include <cstddef>
#include <vector>

namespace bertqa {

/// By what rotary positions turn the heads of a token (kernels/rotary.h): pair i of position p by
/// the angle p · θ^(-2i/D) (Su et al. 2021, eq. 15). In float32 as transformers computes it, so
/// that far positions turn by the same rounded angles.
class RotaryTable {
 public:
  RotaryTable(double theta, std::size_t head_size);

  /// Makes the turns of positions below `positions`. Those that are there stay.
  void Reserve(std::size_t positions);

  /// [D]: cosines of the D/2 angles, then their sines. REQUIRES: `position` is reserved.
  const float* At(std::size_t position) const { return turns_.data() + position * head_size_; }

 private:
  std::size_t head_size_;
  std::vector<float> frequencies_;  // [D/2]
  std::vector<float> turns_;        // [positions, D]
};

}  // namespace bertqa
