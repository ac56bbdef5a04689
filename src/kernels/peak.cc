#include "kernels/peak.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "kernels/float_tile.h"
#include "kernels/target_region.h"
#include "kernels/tile_configuration.h"

namespace bertqa {
namespace {

/// A loop of so many rounds, and what a round computes.
struct Loop {
  void (*run)(std::size_t rounds) = nullptr;
  double operations = 0;
};

#if defined(__x86_64__)

// NOLINTBEGIN(bugprone-macro-parentheses): types and statements
// The compiler must think that the value changes, or it takes the products out of the loop.
#define BERTQA_OPAQUE(value) asm volatile("" : "+v"(value))

/// `add` is a statement that adds the products of `value` and `weights` to `sum`.
#define BERTQA_PEAK_LOOP(name, Vector, kSums, add)         \
  void name(std::size_t rounds) {                          \
    Vector value = {};                                     \
    Vector weights = {};                                   \
    Vector sums[kSums] = {};                               \
    BERTQA_OPAQUE(weights);                                \
    for (std::size_t round = 0; round < rounds; ++round) { \
      for (Vector & sum : sums) {                          \
        BERTQA_OPAQUE(value);                              \
        add;                                               \
      }                                                    \
    }                                                      \
    for (Vector & sum : sums) {                            \
      BERTQA_OPAQUE(sum);                                  \
    }                                                      \
  }

/// One instruction that adds. Not an intrinsic: GCC 12 copies the sum before and after each.
#define BERTQA_ADD(instruction) \
  asm(instruction " %2, %1, %0" : "+v"(sum) : "v"(value), "v"(weights))

BERTQA_TARGET_BEGIN("avx2,fma")
BERTQA_PEAK_LOOP(SpinAvx2, __m256i, 8,
                 sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(value, weights),
                                                               _mm256_set1_epi16(1))))
BERTQA_TARGET_END

BERTQA_TARGET_BEGIN("avx2,fma,avxvnni")
BERTQA_PEAK_LOOP(SpinAvx2Vnni, __m256i, 12, BERTQA_ADD("%{vex%} vpdpbusd"))
BERTQA_TARGET_END

BERTQA_TARGET_BEGIN("avx512f,avx512bw")
BERTQA_PEAK_LOOP(SpinAvx512, __m512i, 16,
                 sum = _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_maddubs_epi16(value, weights),
                                                               _mm512_set1_epi16(1))))
BERTQA_TARGET_END

BERTQA_TARGET_BEGIN("avx512f,avx512vnni")
BERTQA_PEAK_LOOP(SpinAvx512Vnni, __m512i, 16, BERTQA_ADD("vpdpbusd"))
BERTQA_TARGET_END

BERTQA_TARGET_BEGIN("avx512f,avx512bf16")
BERTQA_PEAK_LOOP(SpinAvx512Bf16, __m512, 16, BERTQA_ADD("vdpbf16ps"))
BERTQA_TARGET_END

BERTQA_TARGET_BEGIN("amx-tile,amx-int8,amx-bf16")

#define BERTQA_AMX_PEAK_LOOP(name, dot)                    \
  void name(std::size_t rounds) {                          \
    LoadTileConfiguration({});                             \
    _tile_zero(0);                                         \
    _tile_zero(1);                                         \
    _tile_zero(2);                                         \
    _tile_zero(3);                                         \
    _tile_zero(4);                                         \
    _tile_zero(5);                                         \
    _tile_zero(6);                                         \
    _tile_zero(7);                                         \
    for (std::size_t round = 0; round < rounds; ++round) { \
      dot(0, 4, 6);                                        \
      dot(1, 4, 7);                                        \
      dot(2, 5, 6);                                        \
      dot(3, 5, 7);                                        \
    }                                                      \
    _tile_release();                                       \
  }

BERTQA_AMX_PEAK_LOOP(SpinAmxInt8, _tile_dpbusd)
BERTQA_AMX_PEAK_LOOP(SpinAmxBf16, _tile_dpbf16ps)

BERTQA_TARGET_END

// NOLINTEND(bugprone-macro-parentheses)

Loop Int8Loop(Isa isa) {
  switch (isa) {
    case Isa::kBaseline:
      return {};
    case Isa::kAvx2:
      return {&SpinAvx2, 8 * 64};
    case Isa::kAvx2Vnni:
      return {&SpinAvx2Vnni, 12 * 64};
    case Isa::kAvx512:
      return {&SpinAvx512, 16 * 128};
    case Isa::kAvx512Vnni:
    case Isa::kAvx512Bf16:
      return {&SpinAvx512Vnni, 16 * 128};
    case Isa::kAmx:
      return {&SpinAmxInt8, 4.0 * 2 * 16 * 16 * 64};
  }
  return {};
}

Loop BFloat16Loop(Isa isa) {
  if (isa == Isa::kAmx) {
    return {&SpinAmxBf16, 4.0 * 2 * 16 * 16 * 32};
  }
  return isa == Isa::kAvx512Bf16 ? Loop{&SpinAvx512Bf16, 16 * 64} : Loop{};
}

#else

Loop Int8Loop(Isa /*isa*/) {
  return {};
}

Loop BFloat16Loop(Isa /*isa*/) {
  return {};
}

#endif

Loop LoopOf(Precision precision, Isa isa) {
  switch (precision) {
    case Precision::kInt8:
      return Int8Loop(isa);
    case Precision::kBFloat16:
      return BFloat16Loop(isa);
    default:
      return {FloatTileOf(isa).spin, FloatTileOf(isa).spin_operations};
  }
}

}  // namespace

double MeasurePeak(Precision precision, Isa isa) {
  const Loop loop = LoopOf(precision, isa);
  if (loop.run == nullptr) {
    return 0;
  }
  constexpr int kRuns = 10;
  constexpr double kOperations = 1e8;
  const auto rounds = static_cast<std::size_t>(kOperations / loop.operations);
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    loop.run(rounds);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    best = std::max(best, static_cast<double>(rounds) * loop.operations / seconds.count());
  }
  return best;
}

}  // namespace bertqa
