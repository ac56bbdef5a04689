#include "encoder/distance_bias.h"

#include <algorithm>
#include <cmath>

namespace bertqa {

std::size_t DistanceBucket(std::ptrdiff_t distance) {
  constexpr std::size_t kSide = kDistanceBuckets / 2;
  constexpr std::size_t kExact = kSide / 2;
  constexpr float kFarthest = 128;
  const std::size_t first = distance > 0 ? kSide : 0;
  const auto size = static_cast<std::size_t>(std::abs(distance));
  if (size < kExact) {
    return first + size;
  }
  const auto exact = static_cast<float>(kExact);
  const float share = std::log(static_cast<float>(size) / exact) / std::log(kFarthest / exact);
  const auto wide = static_cast<std::size_t>(share * static_cast<float>(kSide - kExact));
  return first + std::min(kExact + wide, kSide - 1);
}

std::vector<DistanceBias> MakeDistanceBiases(const float* table, std::size_t heads,
                                             std::size_t max_tokens) {
  std::vector<DistanceBias> biases;
  biases.reserve(heads);
  std::vector<float> of_distance(2 * max_tokens - 1);
  for (std::size_t head = 0; head < heads; ++head) {
    for (std::size_t index = 0; index < of_distance.size(); ++index) {
      const auto distance =
          static_cast<std::ptrdiff_t>(index) - static_cast<std::ptrdiff_t>(max_tokens - 1);
      of_distance[index] = table[DistanceBucket(distance) * heads + head];
    }
    biases.emplace_back(of_distance);
  }
  return biases;
}

}  // namespace bertqa
