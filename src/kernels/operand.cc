#include "kernels/operand.h"

#include <algorithm>
#include <cstring>

#include "kernels/narrow_tiles.h"
#include "kernels/row_conversion.h"

namespace bertqa {
namespace {

std::size_t ElementBytes(Precision precision) {
  switch (precision) {
    case Precision::kBFloat16:
      return sizeof(BFloat16);
    case Precision::kInt8:
      return sizeof(std::uint8_t);
    default:
      return 0;  // a view of the values themselves
  }
}

}  // namespace

Operand::Operand(Precision precision, Isa isa, std::size_t max_rows, std::size_t max_columns)
    : precision_(precision),
      isa_(isa),
      bytes_(max_rows * RoundUp(max_columns * ElementBytes(precision), kRowStepBytes)),
      group_inputs_(Int8GroupInputs(isa)),
      scales_(precision == Precision::kInt8
                  ? max_rows * (RoundUp(max_columns, group_inputs_) / group_inputs_)
                  : 0) {}

OperandView Operand::Assign(const float* values, std::size_t stride, std::size_t rows,
                            std::size_t columns) {
  if (precision_ == Precision::kFloat32) {
    return {.data = reinterpret_cast<const std::byte*>(values),
            .stride_bytes = stride * sizeof(float)};
  }
  const RowConversions& conversions = RowConversionsOf(isa_);
  if (precision_ == Precision::kBFloat16) {
    std::size_t output_stride = 0;
    BFloat16* const output = ReserveBFloat16(rows, columns, output_stride);
    for (std::size_t row = 0; row < rows; ++row) {
      conversions.narrow(values + row * stride, columns, output + row * output_stride);
    }
    return {.data = bytes_.data(), .stride_bytes = output_stride * sizeof(BFloat16)};
  }
  const std::size_t row_bytes = RoundUp(columns, kRowStepBytes);
  const std::size_t groups = RoundUp(columns, group_inputs_) / group_inputs_;
  for (std::size_t row = 0; row < rows; ++row) {
    auto* const output = reinterpret_cast<std::uint8_t*>(bytes_.data() + row * row_bytes);
    for (std::size_t group = 0; group < groups; ++group) {
      const std::size_t column = group * group_inputs_;
      scales_.data()[row * groups + group] =
          conversions.quantise(values + row * stride + column,
                               std::min(group_inputs_, columns - column), output + column);
    }
    std::memset(output + columns, 0, row_bytes - columns);
  }
  return {
      .data = bytes_.data(), .stride_bytes = row_bytes, .scales = scales_.data(), .groups = groups};
}

BFloat16* Operand::ReserveBFloat16(std::size_t rows, std::size_t columns, std::size_t& stride) {
  stride = RoundUp(columns * sizeof(BFloat16), kRowStepBytes) / sizeof(BFloat16);
  auto* const output = reinterpret_cast<BFloat16*>(bytes_.data());
  for (std::size_t row = 0; columns < stride && row < rows; ++row) {
    std::memset(static_cast<void*>(output + row * stride + columns), 0,
                (stride - columns) * sizeof(BFloat16));
  }
  return output;
}

}  // namespace bertqa
