#include "kernels/dropout.h"

#include <cmath>

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dropout.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/dropout-inl.h"
#include "kernels/isa_table.h"
#include "kernels/vector_math-inl.h"

namespace bertqa {
#ifndef BERTQA_DROPOUT_TYPES
#define BERTQA_DROPOUT_TYPES

struct DropoutTable {
  void (*floats)(float* values, std::size_t count, std::uint32_t first, const DropoutRule& rule);
  void (*halves)(BFloat16* values, std::size_t count, std::uint32_t first, const DropoutRule& rule);
};

#endif
}  // namespace bertqa

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

void DropFloats(float* values, std::size_t count, std::uint32_t first, const DropoutRule& rule) {
  for (std::size_t index = 0; index < count; index += kLanes) {
    const std::size_t left = count - index;
    const Vector factors = DropoutFactors(first + static_cast<std::uint32_t>(index), rule);
    StoreFirst(hn::Mul(LoadFirst(values + index, left), factors), values + index, left);
  }
}

void DropHalves(BFloat16* values, std::size_t count, std::uint32_t first, const DropoutRule& rule) {
  for (std::size_t index = 0; index < count; index += kLanes) {
    const std::size_t left = count - index;
    const Vector factors = DropoutFactors(first + static_cast<std::uint32_t>(index), rule);
    StoreNarrow(hn::Mul(LoadWide(values + index, left), factors), values + index, left);
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
DropoutTable GetDropout() {
  return {.floats = &DropFloats, .halves = &DropHalves};
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {

HWY_EXPORT(GetDropout);

namespace {

const DropoutTable& TableFor(Isa isa) {
  static const IsaTable<DropoutTable> tables([] { return HWY_DYNAMIC_DISPATCH(GetDropout)(); });
  return tables.For(isa);
}

}  // namespace

DropoutRule MakeDropoutRule(std::uint64_t key, double probability) {
  return {.low = static_cast<std::uint32_t>(key),
          .high = static_cast<std::uint32_t>(key >> 32U),
          .threshold = static_cast<std::uint32_t>(std::ldexp(probability, 32)),
          .factor = static_cast<float>(1 / (1 - probability))};
}

void DropoutKernel::Apply(float* values, std::size_t count, std::uint64_t first) const {
  TableFor(isa).floats(values, count, static_cast<std::uint32_t>(first),
                       MakeDropoutRule(key, probability));
}

void DropoutKernel::Apply(BFloat16* values, std::size_t count, std::uint64_t first) const {
  TableFor(isa).halves(values, count, static_cast<std::uint32_t>(first),
                       MakeDropoutRule(key, probability));
}

}  // namespace bertqa

#endif  // HWY_ONCE
