#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/activation.h"
#include "kernels/bfloat16.h"
#include "kernels/isa.h"
#include "kernels/operand.h"
#include "kernels/widen.h"

namespace bertqa {

/// Columns of one packed panel, and of one tile of a product.
inline constexpr std::size_t kPanelColumns = 32;
/// Rows of one tile at most, of any kernel.
inline constexpr std::size_t kMaxTileRows = 32;

/// tile [rows, 32] = input [rows, depth] · panel [depth, 32], the elements of `depth` taken in
/// order, so that a row's bits do not depend on `rows`. What an element of `depth` is depends on
/// the kernel: a float, 2 bfloat16, 4 bytes. `tile_stride` counts 4-byte values. REQUIRES: 1 <=
/// rows <= the kernel's max_rows.
using TileFunction = void (*)(const std::byte* input, std::size_t input_stride_bytes,
                              std::size_t rows, const std::byte* panel, std::size_t depth,
                              void* tile, std::size_t tile_stride);

struct TileKernel {
  TileFunction multiply = nullptr;
  std::size_t max_rows = 0;
  void (*begin)() = nullptr;  ///< before the first tile on a thread, or null
  void (*end)() = nullptr;    ///< after the last one
};

/// What becomes of a tile: output = activation(tile · scales + biases), in the columns < `columns`.
struct TileFinish {
  const float* biases = nullptr;   ///< [32]
  const float* scales = nullptr;   ///< [32], int8 only: of the weights' rows
  const float* sums = nullptr;     ///< [32], int8 only: of the quantised weights' rows
  const RowScale* rows = nullptr;  ///< [rows], int8 only
  Activation activation = Activation::kNone;
  std::size_t columns = 0;
  float* floats = nullptr;
  BFloat16* halves = nullptr;
  std::size_t stride = 0;
};

/// Kernels that Highway compiles for each instruction set.
struct VectorKernels {
  TileKernel tile;
  void (*finish)(const void* tile, std::size_t rows, const TileFinish& finish);
  /// One row to unsigned bytes <= `largest`; returns how they read back.
  RowScale (*quantise)(const float* values, std::size_t count, float largest, std::uint8_t* output);
  void (*narrow)(const float* values, std::size_t count, BFloat16* output);
  void (*widen_half)(const Float16* values, std::size_t count, float* output);
  void (*widen_bfloat16)(const BFloat16* values, std::size_t count, float* output);
  void (*normalise)(float* values, const float* residual, std::size_t rows, std::size_t size,
                    const float* weight, const float* bias, float epsilon);
  /// values[i] = 2^(values[i] - largest), zeros from `count` to `padded_count`; returns their sum.
  float (*exponentiate)(float* values, std::size_t count, std::size_t padded_count);
  /// 2^(factor · (values[i] - largest)), rounded to bfloat16; returns the sum before rounding.
  float (*exponentiate_narrow)(const float* values, std::size_t count, float factor,
                               std::size_t padded_count, BFloat16* output);
  /// output[i] = factor · values[i]
  void (*scale)(const float* values, std::size_t count, float factor, float* output);
  void (*scale_narrow)(const float* values, std::size_t count, float factor, BFloat16* output);
  /// A loop of multiply-adds in registers, of `operations_per_round` floating-point operations.
  void (*spin)(std::size_t rounds);
  double operations_per_round;
};

/// The kernels of `isa`; made once.
const VectorKernels& KernelsFor(Isa isa);

}  // namespace bertqa
