#include "encoder/precision.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <cmath>

#include "bertqa/error.h"

namespace bertqa {
namespace {

template <typename Source>
TensorBytes ToHalf(const TensorBytes& source, const std::string& place) {
  const std::size_t count = source.bytes.size() / sizeof(Source);
  const auto* const from = reinterpret_cast<const Source*>(source.bytes.data());
  const auto owner = std::make_shared_for_overwrite<c10::Half[]>(count);
  const std::span<c10::Half> halves(owner.get(), count);
  for (std::size_t index = 0; index < count; ++index) {
    const auto value = static_cast<float>(from[index]);
    halves[index] = value;
    if (std::isfinite(value) && !std::isfinite(static_cast<float>(halves[index]))) {
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
  return dtype == DType::kBFloat16 ? ToHalf<c10::BFloat16>(stored, place)
                                   : ToHalf<float>(stored, place);
}

}  // namespace bertqa
