#include "kernels/narrow_tiles.h"

#include <array>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The intrinsics below are compiled for their instruction sets only between these marks, so that
// nothing else of this file can use them.
#if defined(__clang__)
#define BERTQA_TARGET_BEGIN(features) \
  _Pragma(BERTQA_TEXT(clang attribute push(__attribute__((target(features))), apply_to = function)))
#define BERTQA_TARGET_END _Pragma("clang attribute pop")
#else
#define BERTQA_TARGET_BEGIN(features) \
  _Pragma("GCC push_options") _Pragma(BERTQA_TEXT(GCC target(features)))
#define BERTQA_TARGET_END _Pragma("GCC pop_options")
#endif
#define BERTQA_TEXT(text) #text

namespace bertqa {
namespace {

/// The obvious loop, for processors without any of the instructions below.
void MultiplyPlain(const std::byte* input, std::size_t stride_bytes, std::size_t rows,
                   const std::byte* panel, std::size_t depth, void* tile, std::size_t tile_stride) {
  const auto* const weights = reinterpret_cast<const std::int8_t*>(panel);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto* const values = reinterpret_cast<const std::uint8_t*>(input + row * stride_bytes);
    std::array<std::int32_t, kPanelColumns> sums = {};
    for (std::size_t index = 0; index < depth; ++index) {
      for (std::size_t column = 0; column < kPanelColumns; ++column) {
        for (std::size_t part = 0; part < 4; ++part) {
          sums[column] +=
              values[index * 4 + part] * weights[(index * kPanelColumns + column) * 4 + part];
        }
      }
    }
    std::memcpy(static_cast<std::int32_t*>(tile) + row * tile_stride, sums.data(), sizeof sums);
  }
}

#if defined(__x86_64__)

/// Calls Tile::Multiply<rows>, for 1 <= rows <= Tile::kRows.
template <typename Tile>
void MultiplyRows(const std::byte* input, std::size_t stride_bytes, std::size_t rows,
                  const std::byte* panel, std::size_t depth, void* tile, std::size_t tile_stride) {
  using Function =
      void (*)(const std::byte*, std::size_t, const std::byte*, std::size_t, void*, std::size_t);
  static constexpr auto kFunctions = []<std::size_t... Index>(std::index_sequence<Index...>) {
    return std::array<Function, sizeof...(Index)>{&Tile::template Multiply<Index + 1>...};
  }(std::make_index_sequence<Tile::kRows>());
  kFunctions[rows - 1](input, stride_bytes, panel, depth, tile, tile_stride);
}

/// Four bytes of a row, as one number.
inline std::int32_t FourBytes(const std::byte* place) {
  std::int32_t value = 0;
  std::memcpy(&value, place, sizeof value);
  return value;
}

// A tile holds two vectors of columns of so many rows that the sums fill the registers; each step
// of depth loads two vectors of the panel once and four bytes of each row.

BERTQA_TARGET_BEGIN("avx2,fma")

/// vpmaddubsw adds two products in 16 bits, vpmaddwd two of those in 32. 4 · 2 sums: the products
/// need registers too.
struct Avx2Int8Tile {
  static constexpr std::size_t kRows = 4;

  template <std::size_t Rows>
  static void Multiply(const std::byte* input, std::size_t stride_bytes, const std::byte* panel,
                       std::size_t depth, void* tile, std::size_t tile_stride) {
    for (std::size_t half = 0; half < 2; ++half) {
      MultiplyHalf<Rows>(input, stride_bytes, panel + half * 64, depth,
                         static_cast<std::int32_t*>(tile) + half * 16, tile_stride);
    }
  }

  template <std::size_t Rows>
  static void MultiplyHalf(const std::byte* input, std::size_t stride_bytes, const std::byte* panel,
                           std::size_t depth, std::int32_t* tile, std::size_t tile_stride) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sums[Rows][2];
#pragma GCC unroll 16
    for (auto& row : sums) {
      row[0] = _mm256_setzero_si256();
      row[1] = _mm256_setzero_si256();
    }
    for (std::size_t index = 0; index < depth; ++index) {
      const auto* const weights = reinterpret_cast<const __m256i*>(panel + index * 128);
      const __m256i left = _mm256_load_si256(weights);
      const __m256i right = _mm256_load_si256(weights + 1);
#pragma GCC unroll 16
      for (std::size_t row = 0; row < Rows; ++row) {
        const __m256i value = _mm256_set1_epi32(FourBytes(input + row * stride_bytes + index * 4));
        sums[row][0] = _mm256_add_epi32(sums[row][0],
                                        _mm256_madd_epi16(_mm256_maddubs_epi16(value, left), ones));
        sums[row][1] = _mm256_add_epi32(
            sums[row][1], _mm256_madd_epi16(_mm256_maddubs_epi16(value, right), ones));
      }
    }
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
      auto* const output = reinterpret_cast<__m256i*>(tile + row * tile_stride);
      _mm256_storeu_si256(output, sums[row][0]);
      _mm256_storeu_si256(output + 1, sums[row][1]);
    }
  }
};

BERTQA_TARGET_END

BERTQA_TARGET_BEGIN("avx2,fma,avxvnni")

struct Avx2VnniInt8Tile {
  static constexpr std::size_t kRows = 6;

  template <std::size_t Rows>
  static void Multiply(const std::byte* input, std::size_t stride_bytes, const std::byte* panel,
                       std::size_t depth, void* tile, std::size_t tile_stride) {
    for (std::size_t half = 0; half < 2; ++half) {
      MultiplyHalf<Rows>(input, stride_bytes, panel + half * 64, depth,
                         static_cast<std::int32_t*>(tile) + half * 16, tile_stride);
    }
  }

  template <std::size_t Rows>
  static void MultiplyHalf(const std::byte* input, std::size_t stride_bytes, const std::byte* panel,
                           std::size_t depth, std::int32_t* tile, std::size_t tile_stride) {
    __m256i sums[Rows][2];
#pragma GCC unroll 16
    for (auto& row : sums) {
      row[0] = _mm256_setzero_si256();
      row[1] = _mm256_setzero_si256();
    }
    for (std::size_t index = 0; index < depth; ++index) {
      const auto* const weights = reinterpret_cast<const __m256i*>(panel + index * 128);
      const __m256i left = _mm256_load_si256(weights);
      const __m256i right = _mm256_load_si256(weights + 1);
#pragma GCC unroll 16
      for (std::size_t row = 0; row < Rows; ++row) {
        const __m256i value = _mm256_set1_epi32(FourBytes(input + row * stride_bytes + index * 4));
        sums[row][0] = _mm256_dpbusd_avx_epi32(sums[row][0], value, left);
        sums[row][1] = _mm256_dpbusd_avx_epi32(sums[row][1], value, right);
      }
    }
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
      auto* const output = reinterpret_cast<__m256i*>(tile + row * tile_stride);
      _mm256_storeu_si256(output, sums[row][0]);
      _mm256_storeu_si256(output + 1, sums[row][1]);
    }
  }
};

BERTQA_TARGET_END

BERTQA_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl")

struct Avx512Int8Tile {
  static constexpr std::size_t kRows = 12;

  template <std::size_t Rows>
  static void Multiply(const std::byte* input, std::size_t stride_bytes, const std::byte* panel,
                       std::size_t depth, void* tile, std::size_t tile_stride) {
    const __m512i ones = _mm512_set1_epi16(1);
    __m512i sums[Rows][2];
#pragma GCC unroll 16
    for (auto& row : sums) {
      row[0] = _mm512_setzero_si512();
      row[1] = _mm512_setzero_si512();
    }
    for (std::size_t index = 0; index < depth; ++index) {
      const __m512i left = _mm512_load_si512(panel + index * 128);
      const __m512i right = _mm512_load_si512(panel + index * 128 + 64);
#pragma GCC unroll 16
      for (std::size_t row = 0; row < Rows; ++row) {
        const __m512i value = _mm512_set1_epi32(FourBytes(input + row * stride_bytes + index * 4));
        sums[row][0] = _mm512_add_epi32(sums[row][0],
                                        _mm512_madd_epi16(_mm512_maddubs_epi16(value, left), ones));
        sums[row][1] = _mm512_add_epi32(
            sums[row][1], _mm512_madd_epi16(_mm512_maddubs_epi16(value, right), ones));
      }
    }
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
      std::int32_t* const output = static_cast<std::int32_t*>(tile) + row * tile_stride;
      _mm512_storeu_si512(output, sums[row][0]);
      _mm512_storeu_si512(output + 16, sums[row][1]);
    }
  }
};

BERTQA_TARGET_END

BERTQA_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

struct Avx512VnniInt8Tile {
  static constexpr std::size_t kRows = 14;

  template <std::size_t Rows>
  static void Multiply(const std::byte* input, std::size_t stride_bytes, const std::byte* panel,
                       std::size_t depth, void* tile, std::size_t tile_stride) {
    __m512i sums[Rows][2];
#pragma GCC unroll 16
    for (auto& row : sums) {
      row[0] = _mm512_setzero_si512();
      row[1] = _mm512_setzero_si512();
    }
    for (std::size_t index = 0; index < depth; ++index) {
      const __m512i left = _mm512_load_si512(panel + index * 128);
      const __m512i right = _mm512_load_si512(panel + index * 128 + 64);
#pragma GCC unroll 16
      for (std::size_t row = 0; row < Rows; ++row) {
        const __m512i value = _mm512_set1_epi32(FourBytes(input + row * stride_bytes + index * 4));
        sums[row][0] = _mm512_dpbusd_epi32(sums[row][0], value, left);
        sums[row][1] = _mm512_dpbusd_epi32(sums[row][1], value, right);
      }
    }
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
      std::int32_t* const output = static_cast<std::int32_t*>(tile) + row * tile_stride;
      _mm512_storeu_si512(output, sums[row][0]);
      _mm512_storeu_si512(output + 16, sums[row][1]);
    }
  }
};

BERTQA_TARGET_END

BERTQA_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")

struct Avx512BFloat16Tile {
  static constexpr std::size_t kRows = 14;

  template <std::size_t Rows>
  static void Multiply(const std::byte* input, std::size_t stride_bytes, const std::byte* panel,
                       std::size_t depth, void* tile, std::size_t tile_stride) {
    __m512 sums[Rows][2];
#pragma GCC unroll 16
    for (auto& row : sums) {
      row[0] = _mm512_setzero_ps();
      row[1] = _mm512_setzero_ps();
    }
    for (std::size_t index = 0; index < depth; ++index) {
      const auto left = (__m512bh)_mm512_load_si512(panel + index * 128);
      const auto right = (__m512bh)_mm512_load_si512(panel + index * 128 + 64);
#pragma GCC unroll 16
      for (std::size_t row = 0; row < Rows; ++row) {
        const auto value =
            (__m512bh)_mm512_set1_epi32(FourBytes(input + row * stride_bytes + index * 4));
        sums[row][0] = _mm512_dpbf16_ps(sums[row][0], value, left);
        sums[row][1] = _mm512_dpbf16_ps(sums[row][1], value, right);
      }
    }
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
      float* const output = static_cast<float*>(tile) + row * tile_stride;
      _mm512_storeu_ps(output, sums[row][0]);
      _mm512_storeu_ps(output + 16, sums[row][1]);
    }
  }
};

BERTQA_TARGET_END

// --- AMX: 16 rows of 64 bytes a tile register ---

/// The tile registers' shapes (Intel's manual, volume 2A, LDTILECFG).
struct TileConfiguration {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved = {};
  std::array<std::uint16_t, 16> row_bytes = {};
  std::array<std::uint8_t, 16> rows = {};
};
static_assert(sizeof(TileConfiguration) == 64);

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
  for (std::size_t tile = 0; tile < 8; ++tile) {
    configuration.row_bytes[tile] = 64;
  }
  _tile_loadconfig(&configuration);
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

#define BERTQA_AMX_MULTIPLY(name, dot)                                                        \
  void name(const std::byte* input, std::size_t stride_bytes, std::size_t rows,               \
            const std::byte* panel, std::size_t depth, void* tile, std::size_t tile_stride) { \
    Configure(rows);                                                                          \
    const bool has_lower = rows > 16;                                                         \
    _tile_zero(0);                                                                            \
    _tile_zero(1);                                                                            \
    _tile_zero(2);                                                                            \
    _tile_zero(3);                                                                            \
    BERTQA_AMX_LOOP(dot)                                                                      \
    auto* const output = static_cast<float*>(tile);                                           \
    const std::size_t output_bytes = tile_stride * 4;                                         \
    _tile_stored(0, output, output_bytes);                                                    \
    _tile_stored(1, output + 16, output_bytes);                                               \
    if (has_lower) {                                                                          \
      _tile_stored(2, output + 16 * tile_stride, output_bytes);                               \
      _tile_stored(3, output + 16 * tile_stride + 16, output_bytes);                          \
    }                                                                                         \
  }

BERTQA_AMX_MULTIPLY(MultiplyAmxInt8, _tile_dpbusd)
BERTQA_AMX_MULTIPLY(MultiplyAmxBFloat16, _tile_dpbf16ps)

BERTQA_TARGET_END

template <typename Tile>
constexpr TileKernel KernelOf() {
  return {.multiply = &MultiplyRows<Tile>, .max_rows = Tile::kRows};
}

#endif

}  // namespace

TileKernel Int8Tile(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::kBaseline:
      break;
    case Isa::kAvx2:
      return KernelOf<Avx2Int8Tile>();
    case Isa::kAvx2Vnni:
      return KernelOf<Avx2VnniInt8Tile>();
    case Isa::kAvx512:
      return KernelOf<Avx512Int8Tile>();
    case Isa::kAvx512Vnni:
    case Isa::kAvx512Bf16:
      return KernelOf<Avx512VnniInt8Tile>();
    case Isa::kAmx:
      return {.multiply = &MultiplyAmxInt8, .max_rows = 32, .begin = &BeginTiles, .end = &EndTiles};
  }
#endif
  return {.multiply = &MultiplyPlain, .max_rows = kMaxTileRows};
}

float LargestInt8Activation(Isa isa) {
  return isa == Isa::kAvx2 || isa == Isa::kAvx512 ? 127.0F : 255.0F;
}

TileKernel BFloat16Tile(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAmx) {
    return {
        .multiply = &MultiplyAmxBFloat16, .max_rows = 32, .begin = &BeginTiles, .end = &EndTiles};
  }
  if (isa == Isa::kAvx512Bf16) {
    return KernelOf<Avx512BFloat16Tile>();
  }
#endif
  return {};
}

}  // namespace bertqa
