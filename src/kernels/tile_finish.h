#pragma once

#include <cstddef>

#include "kernels/activation.h"
#include "kernels/bfloat16.h"
#include "kernels/isa.h"
#include "kernels/operand.h"

namespace bertqa {

/// What becomes of a tile of sums [rows, 32]: output = activation(sums + biases) in the columns <
/// `columns`, the sums of int8 read back first.
struct TileFinish {
  const float* biases = nullptr;   ///< [32]
  const float* partial = nullptr;  ///< [rows, 32], int8 only: if not null, instead of the biases
  const float* scales = nullptr;   ///< [32], int8 only: of the weights' rows
  const float* sums = nullptr;     ///< [32], int8 only: of the quantised weights' rows
  const RowScale* rows = nullptr;  ///< int8 only: the first of [rows]
  std::size_t rows_stride = 0;     ///< from one of them to the next
  Activation activation = Activation::kNone;
  bool is_narrow = false;  ///< of a product in bf16 or int8: GELU need not be better than that
  std::size_t columns = 0;
  float* floats = nullptr;
  BFloat16* halves = nullptr;  ///< instead of floats. REQUIRES: ComputesBFloat16(isa)
  std::size_t stride = 0;      ///< of the output, in values
};

/// `tile` is floats, or std::int32_t for int8.
using FinishFunction = void (*)(const void* tile, std::size_t rows, const TileFinish& finish);

FinishFunction FinishOf(Isa isa);

}  // namespace bertqa
