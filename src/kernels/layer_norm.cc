#include "kernels/layer_norm.h"

#include <algorithm>
#include <cmath>

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_norm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/isa_table.h"
#include "kernels/vector_math-inl.h"

namespace bertqa {
#ifndef BERTQA_LAYER_NORM_TYPES
#define BERTQA_LAYER_NORM_TYPES

/// What is the same for all rows.
struct LayerNormShape {
  std::size_t size;
  const float* weight;
  const float* bias;
  float epsilon;
};

/// `sums`, if there are any, takes values + residual.
using NormaliseFunction = void (*)(float* values, const float* residual, float* sums,
                                   std::size_t rows, const LayerNormShape& shape);

using ScaleFunction = void (*)(float* values, const float* residual, std::size_t rows,
                               const LayerNormShape& shape);

#endif
}  // namespace bertqa

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

constexpr std::size_t kSums = 4;  // additions take four cycles
constexpr std::size_t kStep = kSums * kLanes;

/// Partial sums of a row, added in one order.
struct Sums {
  Vector parts[kSums];

  HWY_INLINE Sums() {
    for (Vector& part : parts) {
      part = hn::Zero(kFloats);
    }
  }

  HWY_INLINE float Total() const {
    return hn::GetLane(
        hn::SumOfLanes(kFloats, hn::Add(hn::Add(parts[0], parts[1]), hn::Add(parts[2], parts[3]))));
  }
};

/// values += residual, if there is one. Returns the mean.
HWY_INLINE float AddRow(float* values, const float* residual, std::size_t size) {
  Sums sums;
  std::size_t index = 0;
  for (; index + kStep <= size; index += kStep) {
    for (std::size_t part = 0; part < kSums; ++part) {
      const std::size_t place = index + part * kLanes;
      Vector value = hn::LoadU(kFloats, values + place);
      if (residual != nullptr) {
        value = hn::Add(value, hn::LoadU(kFloats, residual + place));
        hn::StoreU(value, kFloats, values + place);
      }
      sums.parts[part] = hn::Add(sums.parts[part], value);
    }
  }
  for (; index < size; index += kLanes) {
    const std::size_t left = size - index;
    Vector value = LoadFirst(values + index, left);
    if (residual != nullptr) {
      value = hn::Add(value, LoadFirst(residual + index, left));
      StoreFirst(value, values + index, left);
    }
    sums.parts[0] = hn::Add(sums.parts[0], value);
  }
  return sums.Total() / static_cast<float>(size);
}

/// The mean of the values - centre, and of their squares.
struct Moments {
  float first;
  float second;
};

HWY_INLINE Moments MeasureRow(const float* values, std::size_t size, Vector centre) {
  Sums distances;
  Sums squares;
  std::size_t index = 0;
  for (; index + kStep <= size; index += kStep) {
    for (std::size_t part = 0; part < kSums; ++part) {
      const Vector distance = hn::Sub(hn::LoadU(kFloats, values + index + part * kLanes), centre);
      distances.parts[part] = hn::Add(distances.parts[part], distance);
      squares.parts[part] = hn::MulAdd(distance, distance, squares.parts[part]);
    }
  }
  for (; index < size; index += kLanes) {
    const std::size_t left = size - index;
    Vector distance = hn::Sub(LoadFirst(values + index, left), centre);
    if (left < kLanes) {
      distance = hn::IfThenElseZero(hn::FirstN(kFloats, left), distance);
    }
    distances.parts[0] = hn::Add(distances.parts[0], distance);
    squares.parts[0] = hn::MulAdd(distance, distance, squares.parts[0]);
  }
  const auto count = static_cast<float>(size);
  return {.first = distances.Total() / count, .second = squares.Total() / count};
}

void NormaliseRow(float* values, const float* residual, float* sums, const LayerNormShape& shape) {
  const std::size_t size = shape.size;
  const Vector centre = hn::Set(kFloats, AddRow(values, residual, size));
  if (sums != nullptr) {
    std::copy_n(values, size, sums);
  }
  const Moments moments = MeasureRow(values, size, centre);
  // The centre is the mean but for rounding; what is missing is `first`, which matters where the
  // mean is large and the variance small.
  const float variance = std::max(0.0F, moments.second - moments.first * moments.first);
  const auto factor = static_cast<float>(
      1 / std::sqrt(static_cast<double>(variance) + static_cast<double>(shape.epsilon)));
  const Vector scale = hn::Set(kFloats, factor);
  const Vector shift = hn::Set(kFloats, moments.first);
  std::size_t index = 0;
  for (; index + kLanes <= size; index += kLanes) {
    const Vector distance = hn::Sub(hn::Sub(hn::LoadU(kFloats, values + index), centre), shift);
    hn::StoreU(hn::MulAdd(hn::Mul(distance, scale), hn::LoadU(kFloats, shape.weight + index),
                          hn::LoadU(kFloats, shape.bias + index)),
               kFloats, values + index);
  }
  if (index < size) {
    const std::size_t left = size - index;
    const Vector distance = hn::Sub(hn::Sub(LoadFirst(values + index, left), centre), shift);
    StoreFirst(hn::MulAdd(hn::Mul(distance, scale), LoadFirst(shape.weight + index, left),
                          LoadFirst(shape.bias + index, left)),
               values + index, left);
  }
}

void NormaliseRows(float* values, const float* residual, float* sums, std::size_t rows,
                   const LayerNormShape& shape) {
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t begin = row * shape.size;
    NormaliseRow(values + begin, residual == nullptr ? nullptr : residual + begin,
                 sums == nullptr ? nullptr : sums + begin, shape);
  }
}

void ScaleRows(float* values, const float* residual, std::size_t rows,
               const LayerNormShape& shape) {
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t index = 0; index < shape.size; index += kLanes) {
      const std::size_t left = shape.size - index;
      const std::size_t place = row * shape.size + index;
      Vector value = LoadFirst(values + place, left);
      if (residual != nullptr) {
        value = hn::Add(value, LoadFirst(residual + place, left));
      }
      StoreFirst(hn::MulAdd(value, LoadFirst(shape.weight + index, left),
                            LoadFirst(shape.bias + index, left)),
                 values + place, left);
    }
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
NormaliseFunction GetNormalise() {
  return &NormaliseRows;
}

// NOLINTNEXTLINE(misc-use-internal-linkage): the same
ScaleFunction GetScale() {
  return &ScaleRows;
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {

namespace {

HWY_EXPORT(GetNormalise);
HWY_EXPORT(GetScale);

NormaliseFunction FunctionFor(Isa isa) {
  static const IsaTable<NormaliseFunction> table(
      [] { return HWY_DYNAMIC_DISPATCH(GetNormalise)(); });
  return table.For(isa);
}

}  // namespace

void AddAndNormalise(Isa isa, float* values, const float* residual, std::size_t rows,
                     std::size_t size, const float* weight, const float* bias, float epsilon) {
  FunctionFor(isa)(values, residual, /*sums=*/nullptr, rows,
                   {.size = size, .weight = weight, .bias = bias, .epsilon = epsilon});
}

void AddToAndNormalise(Isa isa, float* values, float* residual, std::size_t rows, std::size_t size,
                       const float* weight, const float* bias, float epsilon) {
  FunctionFor(isa)(values, residual, /*sums=*/residual, rows,
                   {.size = size, .weight = weight, .bias = bias, .epsilon = epsilon});
}

void AddAndScale(Isa isa, float* values, const float* residual, std::size_t rows, std::size_t size,
                 const float* weight, const float* bias) {
  static const IsaTable<ScaleFunction> table([] { return HWY_DYNAMIC_DISPATCH(GetScale)(); });
  table.For(isa)(values, residual, rows,
                 {.size = size, .weight = weight, .bias = bias, .epsilon = 0});
}

}  // namespace bertqa

#endif  // HWY_ONCE
