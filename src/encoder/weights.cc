#include "encoder/weights.h"

#include "bertqa/error.h"

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

void WeightsFile::Fail(const std::string& what) const {
  throw Error(ErrorCode::kMalformed, path().string() + ": " + what);
}

}  // namespace bertqa
