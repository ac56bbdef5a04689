#include "encoder/weights.h"

namespace bertqa {

std::string ToString(const Shape& shape) {
  std::string text = "[";
  for (const std::size_t size : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

std::size_t ElementCount(const Shape& shape) {
  std::size_t count = 1;
  for (const std::size_t size : shape) {
    count *= size;
  }
  return count;
}

}  // namespace bertqa
