#include "kernels/amx_tiles.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstdint>

#include "kernels/target_region.h"
#include "kernels/tile_configuration.h"

namespace bertqa {
namespace {

/// The input's rows that this thread's tile registers are shaped for; 0: none.
thread_local std::size_t configured_rows = 0;

BERTQA_TARGET_BEGIN("amx-tile,amx-int8,amx-bf16")

/// Registers 0 to 3: sums, two by two; 4 and 5: input, upper and lower rows; 6 and 7: panel, left
/// and right columns.
void Configure(std::size_t rows) {
  if (rows == configured_rows) {
    return;
  }
  TileConfiguration configuration;
  const auto upper = static_cast<std::uint8_t>(rows < 16 ? rows : 16);
  const auto lower = static_cast<std::uint8_t>(rows > 16 ? rows - 16 : 16);
  configuration.rows = {upper, upper, lower, lower, upper, lower, 16, 16};
  LoadTileConfiguration(configuration);
  configured_rows = rows;
}

void BeginTiles() {
  configured_rows = 0;  // another library may have shaped them since
}

void EndTiles() {
  if (configured_rows != 0) {
    _tile_release();
    configured_rows = 0;
  }
}

/// Asks for the input two steps ahead, at the end of a group that of the next group: a block of
/// rows comes from the second cache for each panel, 32 rows at once, which is more streams than
/// processors follow by themselves.
inline void PrefetchRows(const std::byte* input, std::size_t stride_bytes, std::size_t index,
                         std::size_t depth) {
  const std::size_t ahead = index + 32;
  const std::byte* const place =
      ahead < depth ? input + ahead * 4 : input + 32 * stride_bytes + (ahead - depth) * 4;
  for (std::size_t row = 0; row < 32; ++row) {
    __builtin_prefetch(place + row * stride_bytes, 0, 3);
  }
}

// Macros, because tile registers are named by constants only.
#define BERTQA_AMX_LOOP(dot)                                               \
  for (std::size_t index = 0; index < depth; index += 16) {                \
    PrefetchRows(input, stride_bytes, index, depth);                       \
    prefetcher.Turn();                                                     \
    _tile_loadd(4, input + index * 4, stride_bytes);                       \
    _tile_loadd(6, panel + index * 128, 128);                              \
    _tile_loadd(7, panel + index * 128 + 64, 128);                         \
    dot(0, 4, 6);                                                          \
    dot(1, 4, 7);                                                          \
    if (has_lower) {                                                       \
      _tile_loadd(5, input + 16 * stride_bytes + index * 4, stride_bytes); \
      dot(2, 5, 6);                                                        \
      dot(3, 5, 7);                                                        \
    }                                                                      \
  }

#define BERTQA_AMX_MULTIPLY(name, dot)                                  \
  void name(const TileProduct& product) {                               \
    const std::byte* const input = product.input;                       \
    const std::byte* const panel = product.panel;                       \
    const std::size_t stride_bytes = product.stride_bytes;              \
    const std::size_t depth = product.depth;                            \
    const bool has_lower = product.rows > 16;                           \
    Prefetcher prefetcher(product, depth / 16);                         \
    Configure(product.rows);                                            \
    _tile_zero(0);                                                      \
    _tile_zero(1);                                                      \
    _tile_zero(2);                                                      \
    _tile_zero(3);                                                      \
    BERTQA_AMX_LOOP(dot)                                                \
    auto* const output = static_cast<float*>(product.tile);             \
    constexpr std::size_t kOutputBytes = kPanelColumns * sizeof(float); \
    _tile_stored(0, output, kOutputBytes);                              \
    _tile_stored(1, output + 16, kOutputBytes);                         \
    if (has_lower) {                                                    \
      _tile_stored(2, output + 16 * kPanelColumns, kOutputBytes);       \
      _tile_stored(3, output + 16 * kPanelColumns + 16, kOutputBytes);  \
    }                                                                   \
  }

BERTQA_AMX_MULTIPLY(MultiplyAmxInt8, _tile_dpbusd)
BERTQA_AMX_MULTIPLY(MultiplyAmxBFloat16, _tile_dpbf16ps)

BERTQA_TARGET_END

constexpr std::size_t kAmxRows = 32;

}  // namespace

TileKernel AmxInt8Tile() {
  return {
      .multiply = &MultiplyAmxInt8, .max_rows = kAmxRows, .begin = &BeginTiles, .end = &EndTiles};
}

TileKernel AmxBFloat16Tile() {
  return {.multiply = &MultiplyAmxBFloat16,
          .max_rows = kAmxRows,
          .begin = &BeginTiles,
          .end = &EndTiles};
}

}  // namespace bertqa

#endif
