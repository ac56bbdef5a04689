#include "encoder/precision.h"

#include <cmath>

#include "bertqa/error.h"
#include "encoder/half.h"
#include "kernels/bfloat16.h"

namespace bertqa {
namespace {

float AsFloat(float value) {
  return value;
}

float AsFloat(BFloat16 value) {
  return ToFloat(value);
}

template <typename Source>
TensorBytes ToHalf(const TensorBytes& source, const std::string& place) {
  constexpr float kTooLarge = 65520;  // what rounds to infinity
  const std::size_t count = source.bytes.size() / sizeof(Source);
  const auto* const from = reinterpret_cast<const Source*>(source.bytes.data());
  const auto owner = std::make_shared_for_overwrite<std::uint16_t[]>(count);
  const std::span<std::uint16_t> halves(owner.get(), count);
  for (std::size_t index = 0; index < count; ++index) {
    const float value = AsFloat(from[index]);
    halves[index] = HalfBits(value);
    if (std::isfinite(value) && std::abs(value) >= kTooLarge) {
      throw Error(ErrorCode::kUnsupported,
                  place + ": " + std::to_string(value) + " is too large for float16");
    }
  }
  return {.bytes = std::as_bytes(halves), .owner = owner};
}

}  // namespace

DType StoredAs(DType dtype, StoredPrecision precision) {
  return precision == StoredPrecision::kFloat16 ? DType::kFloat16 : dtype;
}

TensorBytes ReadAs(const Checkpoint& checkpoint, const std::string& name,
                   StoredPrecision precision) {
  const DType dtype = checkpoint.dtype(name);
  TensorBytes stored = checkpoint.Read(name);
  if (StoredAs(dtype, precision) == dtype) {
    return stored;
  }
  const std::string place = checkpoint.file().path().string() + ": tensor \"" + name + "\"";
  return dtype == DType::kBFloat16 ? ToHalf<BFloat16>(stored, place) : ToHalf<float>(stored, place);
}

}  // namespace bertqa
