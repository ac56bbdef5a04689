#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace bertqa {

/// Element types that a weights file may hold. Only the floating types are computed with (float64
/// after it was rounded to float32); the others are known so that what a checkpoint carries beside
/// its weights can be measured and named.
enum class DType {
  kFloat32,
  kFloat16,
  kBFloat16,
  kFloat64,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUint8,
  kBool
};

/// Bytes of one element.
std::size_t SizeOf(DType dtype);

/// "float16", as Hugging Face configurations spell it.
std::string_view NameOf(DType dtype);

/// "F16", as a safetensors header spells it.
std::string_view SafetensorsName(DType dtype);

/// From "F16"; nothing if the name is unknown.
std::optional<DType> DTypeFromSafetensors(std::string_view name);

/// From "HalfStorage", as PyTorch's pickles spell it; nothing if the name is unknown.
std::optional<DType> DTypeFromStorage(std::string_view name);

/// True for the types that weights may have: float32, float16, bfloat16, float64.
bool IsWeight(DType dtype);

}  // namespace bertqa
