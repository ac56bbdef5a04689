#include "encoder/weights.h"

#include <algorithm>
#include <cstdint>

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

TensorBytes Aligned(TensorBytes data, DType dtype) {
  const auto address = reinterpret_cast<std::uintptr_t>(data.bytes.data());
  if (address % SizeOf(dtype) == 0) {
    return data;
  }
  const auto copy = std::make_shared_for_overwrite<std::byte[]>(data.bytes.size());
  std::copy(data.bytes.begin(), data.bytes.end(), copy.get());
  return {.bytes = {copy.get(), data.bytes.size()}, .owner = copy};
}

TensorBytes RoundFloat64(const TensorBytes& doubles) {
  const std::span values(reinterpret_cast<const double*>(doubles.bytes.data()),
                         doubles.bytes.size() / sizeof(double));
  const auto owner = std::make_shared_for_overwrite<float[]>(values.size());
  const std::span<float> floats(owner.get(), values.size());
  std::ranges::transform(values, floats.begin(),
                         [](double value) { return static_cast<float>(value); });
  return {.bytes = std::as_bytes(floats), .owner = owner};
}

void WeightsFile::Fail(const std::string& what) const {
  throw Error(ErrorCode::kMalformed, path().string() + ": " + what);
}

}  // namespace bertqa
