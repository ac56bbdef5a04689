#include "kernels/narrow_tiles.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "kernels/amx_tiles.h"
#include "kernels/rows_table.h"
#include "kernels/target_region.h"

namespace bertqa {
namespace {

/// The obvious loop, for processors without any of the instructions below.
void MultiplyPlain(const TileProduct& product) {
  const auto* const weights = reinterpret_cast<const std::int8_t*>(product.panel);
  for (std::size_t row = 0; row < product.rows; ++row) {
    const auto* const values =
        reinterpret_cast<const std::uint8_t*>(product.input + row * product.stride_bytes);
    std::array<std::int32_t, kPanelColumns> sums = {};
    for (std::size_t index = 0; index < product.depth * 4; ++index) {
      for (std::size_t column = 0; column < kPanelColumns; ++column) {
        sums[column] +=
            values[index] * weights[(index / 4 * kPanelColumns + column) * 4 + index % 4];
      }
    }
    std::memcpy(static_cast<std::int32_t*>(product.tile) + row * kPanelColumns, sums.data(),
                sizeof sums);
  }
}

#if defined(__x86_64__)

/// Calls Tile::Multiply<rows>, for 1 <= rows <= Tile::kRows.
template <typename Tile>
void MultiplyRows(const TileProduct& product) {
  static constexpr auto kFunctions =
      TableByRows<Tile::kRows>([](auto count) { return &Tile::template Multiply<count>; });
  Prefetcher(product, 1).Turn();
  kFunctions[product.rows - 1](product);
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
  static void Multiply(const TileProduct& product) {
    for (std::size_t half = 0; half < 2; ++half) {
      MultiplyHalf<Rows>(product, half);
    }
  }

  template <std::size_t Rows>
  static void MultiplyHalf(const TileProduct& product, std::size_t half) {
    const std::byte* const input = product.input;
    const std::byte* const panel = product.panel + half * 64;
    const std::size_t stride_bytes = product.stride_bytes;
    const std::size_t depth = product.depth;
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
    std::int32_t* const tile = static_cast<std::int32_t*>(product.tile) + half * 16;
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
      auto* const output = reinterpret_cast<__m256i*>(tile + row * kPanelColumns);
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
  static void Multiply(const TileProduct& product) {
    for (std::size_t half = 0; half < 2; ++half) {
      MultiplyHalf<Rows>(product, half);
    }
  }

  template <std::size_t Rows>
  static void MultiplyHalf(const TileProduct& product, std::size_t half) {
    const std::byte* const input = product.input;
    const std::byte* const panel = product.panel + half * 64;
    const std::size_t stride_bytes = product.stride_bytes;
    const std::size_t depth = product.depth;
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
    std::int32_t* const tile = static_cast<std::int32_t*>(product.tile) + half * 16;
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
      auto* const output = reinterpret_cast<__m256i*>(tile + row * kPanelColumns);
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
  static void Multiply(const TileProduct& product) {
    const std::byte* const input = product.input;
    const std::byte* const panel = product.panel;
    const std::size_t stride_bytes = product.stride_bytes;
    const std::size_t depth = product.depth;
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
      std::int32_t* const output = static_cast<std::int32_t*>(product.tile) + row * kPanelColumns;
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
  static void Multiply(const TileProduct& product) {
    const std::byte* const input = product.input;
    const std::byte* const panel = product.panel;
    const std::size_t stride_bytes = product.stride_bytes;
    const std::size_t depth = product.depth;
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
      std::int32_t* const output = static_cast<std::int32_t*>(product.tile) + row * kPanelColumns;
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
  static void Multiply(const TileProduct& product) {
    const std::byte* const input = product.input;
    const std::byte* const panel = product.panel;
    const std::size_t stride_bytes = product.stride_bytes;
    const std::size_t depth = product.depth;
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
      float* const output = static_cast<float*>(product.tile) + row * kPanelColumns;
      _mm512_storeu_ps(output, sums[row][0]);
      _mm512_storeu_ps(output + 16, sums[row][1]);
    }
  }
};

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
      return AmxInt8Tile();
  }
#endif
  return {.multiply = &MultiplyPlain, .max_rows = kMaxTileRows};
}

bool AddsInt8PairsIn16Bits(Isa isa) {
  return isa == Isa::kAvx2 || isa == Isa::kAvx512;
}

std::size_t Int8GroupInputs(Isa isa) {
  return isa == Isa::kAmx ? kMaxInt8GroupInputs : 128;
}

TileKernel BFloat16Tile(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAmx) {
    return AmxBFloat16Tile();
  }
  if (isa == Isa::kAvx512Bf16) {
    return KernelOf<Avx512BFloat16Tile>();
  }
#endif
  return {};
}

}  // namespace bertqa
