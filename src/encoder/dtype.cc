#include "encoder/dtype.h"

#include <algorithm>
#include <array>

namespace bertqa {
namespace {

struct Row {
  DType dtype;
  std::size_t size_bytes;
  std::string_view name;
  std::string_view safetensors;
  std::string_view storage;
};

constexpr std::array kRows = {
    Row{DType::kFloat32, 4, "float32", "F32", "FloatStorage"},
    Row{DType::kFloat16, 2, "float16", "F16", "HalfStorage"},
    Row{DType::kBFloat16, 2, "bfloat16", "BF16", "BFloat16Storage"},
    Row{DType::kFloat64, 8, "float64", "F64", "DoubleStorage"},
    Row{DType::kInt64, 8, "int64", "I64", "LongStorage"},
    Row{DType::kInt32, 4, "int32", "I32", "IntStorage"},
    Row{DType::kInt16, 2, "int16", "I16", "ShortStorage"},
    Row{DType::kInt8, 1, "int8", "I8", "CharStorage"},
    Row{DType::kUint8, 1, "uint8", "U8", "ByteStorage"},
    Row{DType::kBool, 1, "bool", "BOOL", "BoolStorage"},
};

const Row& RowOf(DType dtype) {
  return *std::find_if(kRows.begin(), kRows.end(),
                       [&](const Row& row) { return row.dtype == dtype; });
}

std::optional<DType> Find(std::string_view Row::* column, std::string_view name) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(),
                                 [&](const Row& candidate) { return candidate.*column == name; });
  return row == kRows.end() ? std::nullopt : std::optional(row->dtype);
}

}  // namespace

std::size_t SizeOf(DType dtype) {
  return RowOf(dtype).size_bytes;
}

std::string_view NameOf(DType dtype) {
  return RowOf(dtype).name;
}

std::string_view SafetensorsName(DType dtype) {
  return RowOf(dtype).safetensors;
}

std::optional<DType> DTypeFromSafetensors(std::string_view name) {
  return Find(&Row::safetensors, name);
}

std::optional<DType> DTypeFromStorage(std::string_view name) {
  return Find(&Row::storage, name);
}

bool IsWeight(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat16 || dtype == DType::kBFloat16 ||
         dtype == DType::kFloat64;
}

}  // namespace bertqa
