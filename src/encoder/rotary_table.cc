#include "encoder/rotary_table.h"

#include <cmath>

namespace bertqa {

RotaryTable::RotaryTable(double theta, std::size_t head_size) : head_size_(head_size) {
  const auto base = static_cast<float>(theta);
  for (std::size_t pair = 0; pair < head_size / 2; ++pair) {
    const float exponent = static_cast<float>(2 * pair) / static_cast<float>(head_size);
    frequencies_.push_back(1.0F / std::pow(base, exponent));
  }
}

void RotaryTable::Reserve(std::size_t positions) {
  const std::size_t half = head_size_ / 2;
  const std::size_t begin = turns_.size() / head_size_;
  if (positions <= begin) {
    return;
  }
  turns_.resize(positions * head_size_);
  for (std::size_t position = begin; position < positions; ++position) {
    float* const row = turns_.data() + position * head_size_;
    for (std::size_t pair = 0; pair < half; ++pair) {
      const float angle = static_cast<float>(position) * frequencies_[pair];
      row[pair] = std::cos(angle);
      row[half + pair] = std::sin(angle);
    }
  }
}

}  // namespace bertqa
