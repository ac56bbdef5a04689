#pragma once

#include <cstddef>

namespace bertqa {

/// Columns of one packed panel, and of one tile of a product.
inline constexpr std::size_t kPanelColumns = 32;
/// Rows of one tile at most, of any kernel.
inline constexpr std::size_t kMaxTileRows = 32;

/// tile [rows, 32] = input [rows, depth] · panel [depth, 32], the elements of `depth` taken in
/// order, so that a row's bits do not depend on `rows`. What an element of `depth` is depends on
/// the kernel: a float, 2 bfloat16, 4 bytes. REQUIRES: 1 <= rows <= the kernel's max_rows.
struct TileProduct {
  const std::byte* input = nullptr;
  std::size_t stride_bytes = 0;  ///< from one row of the input to the next
  std::size_t rows = 0;
  const std::byte* panel = nullptr;
  std::size_t depth = 0;
  void* tile = nullptr;  ///< floats, or int32 for int8
  /// What the next tiles will need and no cache near by holds: kernels ask for it as they go.
  const std::byte* ahead = nullptr;
  std::size_t ahead_bytes = 0;
};

/// Asks for `ahead` in equal parts, one a turn of a kernel's loop: many such requests at once hold
/// up the kernel's own.
class Prefetcher {
 public:
  /// REQUIRES: turns >= 1.
  [[gnu::always_inline]] Prefetcher(const TileProduct& product, std::size_t turns)
      : next_(product.ahead),
        end_(product.ahead + product.ahead_bytes),
        part_((product.ahead_bytes / kLine + turns - 1) / turns * kLine) {}

  [[gnu::always_inline]] void Turn() {
    const auto left = static_cast<std::size_t>(end_ - next_);
    const std::byte* const stop = next_ + (part_ < left ? part_ : left);
    for (; next_ < stop; next_ += kLine) {
      __builtin_prefetch(next_, /*write=*/0, /*second cache*/ 2);
    }
  }

 private:
  static constexpr std::size_t kLine = 64;
  const std::byte* next_;
  const std::byte* end_;
  std::size_t part_;
};

using TileFunction = void (*)(const TileProduct& product);

struct TileKernel {
  TileFunction multiply = nullptr;
  std::size_t max_rows = 0;
  void (*begin)() = nullptr;  ///< before the first tile on a thread, or null
  void (*end)() = nullptr;    ///< after the last one
};

}  // namespace bertqa
