#pragma once

#include <cstddef>

namespace bertqa {

/// Reads down the columns of up to `Rows` rows at once, with a pointer for every four of them: the
/// rows between are a multiple of the stride away, which addresses hold. With a pointer for every
/// row, compilers run out of registers, and what moves pointers takes turns from what multiplies.
/// Loops over rows must be unrolled, so that `row` is a constant.
template <std::size_t Rows>
class RowCursor {
 public:
  [[gnu::always_inline]] RowCursor(const std::byte* first_row, std::size_t stride_bytes)
      : stride_(stride_bytes), triple_(3 * stride_bytes) {
    for (std::size_t quad = 0; quad < kQuads; ++quad) {
      quads_[quad] = first_row + 4 * quad * stride_bytes;
    }
    asm("" : "+r"(triple_));
  }

  [[gnu::always_inline]] const std::byte* At(std::size_t row) const {
    return quads_[row / 4] + (row % 4 == 3 ? triple_ : row % 4 * stride_);
  }

  [[gnu::always_inline]] void Advance(std::size_t bytes) {
#pragma GCC unroll 4
    for (std::size_t quad = 0; quad < kQuads; ++quad) {
      quads_[quad] += bytes;
      asm("" : "+r"(quads_[quad]));  // else the compiler makes pointers to all rows of it
    }
  }

 private:
  static constexpr std::size_t kQuads = (Rows + 3) / 4;
  const std::byte* quads_[kQuads];
  std::size_t stride_;
  std::size_t triple_;
};

}  // namespace bertqa
