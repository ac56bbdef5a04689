#pragma once

#include <cstddef>
#include <cstdint>

#include "bertqa/precision.h"
#include "kernels/aligned_buffer.h"
#include "kernels/bfloat16.h"
#include "kernels/isa.h"

namespace bertqa {

/// How a group of a row of int8 activations reads back: value ≈ scale · quantised + minimum,
/// quantised in [0, 255].
struct RowScale {
  float scale = 0;
  float minimum = 0;
};

/// Rows of activations [rows, columns] as the products of one precision read them; a view.
/// Rows are `stride_bytes` apart. For bf16 and int8 they begin at a cache line and are filled with
/// zeros up to a multiple of 64 bytes.
struct OperandView {
  const std::byte* data = nullptr;
  std::size_t stride_bytes = 0;
  const RowScale* scales = nullptr;  ///< [rows, groups]; int8 only
  std::size_t groups = 0;            ///< of Int8GroupInputs(isa) columns
};

/// Room for activations of one precision, made once and overwritten by each Assign.
class Operand {
 public:
  /// `precision` is not kAuto; kBFloat16 needs ComputesBFloat16(isa).
  Operand(Precision precision, Isa isa, std::size_t max_rows, std::size_t max_columns);

  /// Converts `values` [rows, columns], rows `stride` floats apart. For fp32 nothing is copied: the
  /// view is of `values` itself. A row's result does not depend on other rows. int8: a group of a
  /// row with an infinity or a NaN reads back as NaN throughout.
  /// REQUIRES: rows <= max_rows, columns <= max_columns.
  OperandView Assign(const float* values, std::size_t stride, std::size_t rows,
                     std::size_t columns);

  /// bf16 only: rows of `columns` values that somebody else fills, with columns up to the multiple
  /// of 64 bytes zeroed. REQUIRES as Assign.
  BFloat16* ReserveBFloat16(std::size_t rows, std::size_t columns, std::size_t& stride);

 private:
  Precision precision_;
  Isa isa_;
  AlignedBuffer<std::byte> bytes_;  // rows of the last Assign
  std::size_t group_inputs_;        // int8
  AlignedBuffer<RowScale> scales_;
};

}  // namespace bertqa
