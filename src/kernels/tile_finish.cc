#include "kernels/tile_finish.h"

#include "kernels/tile.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tile_finish.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/isa_table.h"
#include "kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

/// What is computed of a sum: an Activation, or GELU roughly.
enum class Function { kNone, kGelu, kRoughGelu, kGeluNew, kRelu, kTanh, kGate };

/// 1 / x for x far from zero and infinity, to about 1e-7.
Vector Reciprocal(Vector x) {
#if HWY_ARCH_X86
  const Vector guess = hn::ApproximateReciprocal(x);
  return hn::MulAdd(guess, hn::NegMulAdd(guess, x, hn::Set(kFloats, 1.0F)), guess);
#else
  return hn::Div(hn::Set(kFloats, 1.0F), x);
#endif
}

template <std::size_t Count>
Vector Polynomial(Vector x, const float (&coefficients)[Count]) {
  Vector value = hn::Set(kFloats, coefficients[0]);
  for (std::size_t index = 1; index < Count; ++index) {
    value = hn::MulAdd(value, x, hn::Set(kFloats, coefficients[index]));
  }
  return value;
}

/// erf(x) as x · P(x²) / Q(x²) on [-4, 4] (beyond, it is ±1 in float), to 4e-7.
Vector Erf(Vector x) {
  const Vector limit = hn::Set(kFloats, 4.0F);
  const Vector clamped = hn::Min(hn::Max(x, hn::Neg(limit)), limit);
  const Vector square = hn::Mul(clamped, clamped);
  static constexpr float kNumerator[] = {-2.72614225801306e-10F, 2.77068142495902e-08F,
                                         -2.10102402082508e-06F, -5.69250639462346e-05F,
                                         -7.34990630326855e-04F, -2.95459980854025e-03F,
                                         -1.60960333262415e-02F};
  static constexpr float kDenominator[] = {-1.45660718464996e-05F, -2.13374055278905e-04F,
                                           -1.68282697438203e-03F, -7.37332916720468e-03F,
                                           -1.42647390514189e-02F};
  return hn::Mul(hn::Mul(clamped, Polynomial(square, kNumerator)),
                 Reciprocal(Polynomial(square, kDenominator)));
}

/// x · Φ(x), to 1.9e-4, which is less than rounding to bfloat16 costs where it matters: an odd
/// polynomial that is 1/2 at 3.9, so that the function is 0 or x beyond.
Vector RoughGelu(Vector x) {
  const Vector limit = hn::Set(kFloats, 3.9F);
  const Vector clamped = hn::Min(hn::Max(x, hn::Neg(limit)), limit);
  const Vector square = hn::Mul(clamped, clamped);
  static constexpr float kCoefficients[] = {2.35043394e-8F,  -1.62573409e-6F, 4.83143043e-5F,
                                            -8.15953204e-4F, 8.77551202e-3F,  -6.45690333e-2F,
                                            3.97874635e-1F};
  const Vector share =
      hn::MulAdd(clamped, Polynomial(square, kCoefficients), hn::Set(kFloats, 0.5F));
  return hn::Mul(x, share);
}

/// x · (1 + tanh(u)) / 2 = x / (1 + e^-2u), u = √(2/π) · (x + 0.044715 x³)
Vector GeluNew(Vector x) {
  const Vector cube = hn::Mul(hn::Mul(x, x), x);
  const Vector sum = hn::MulAdd(cube, hn::Set(kFloats, 0.044715F), x);
  const Vector power = hn::Mul(sum, hn::Set(kFloats, 2 * 0.79788456F * 1.44269504F));  // of 2
  const Vector decayed = WeightExp2(hn::Neg(hn::Abs(power)));
  const Vector share = Reciprocal(hn::Add(hn::Set(kFloats, 1.0F), decayed));
  const auto is_negative = hn::Lt(power, hn::Zero(kFloats));
  return hn::Mul(x, hn::IfThenElse(is_negative, hn::Mul(decayed, share), share));
}

/// (1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x, to 1e-7
Vector Tanh(Vector x) {
  const Vector decayed = WeightExp2(hn::Mul(hn::Abs(x), hn::Set(kFloats, -2 * 1.44269504F)));
  const Vector one = hn::Set(kFloats, 1.0F);
  return hn::CopySign(hn::Mul(hn::Sub(one, decayed), Reciprocal(hn::Add(one, decayed))), x);
}

template <Function kFunction>
Vector Activate(Vector x) {
  if constexpr (kFunction == Function::kGelu) {
    const Vector half_x = hn::Mul(x, hn::Set(kFloats, 0.5F));
    return hn::MulAdd(half_x, Erf(hn::Mul(x, hn::Set(kFloats, 0.70710678F))), half_x);
  } else if constexpr (kFunction == Function::kRoughGelu) {
    return RoughGelu(x);
  } else if constexpr (kFunction == Function::kGeluNew) {
    return GeluNew(x);
  } else if constexpr (kFunction == Function::kTanh) {
    return Tanh(x);
  } else if constexpr (kFunction == Function::kRelu) {
    return hn::Max(x, hn::Zero(kFloats));
  } else {
    return x;
  }
}

/// What a tile holds: floats; integers of the first group of inputs; integers of a later one, to be
/// added to what the others gave.
enum class Sums { kFloat, kInt8, kMoreInt8 };

/// A vector of columns: what is the same in all rows.
template <Sums kSums>
struct ColumnVectors {
  ColumnVectors(const TileFinish& finish, std::size_t column)
      : bias(hn::Load(kFloats, finish.biases + column)) {
    if constexpr (kSums != Sums::kFloat) {
      scale = hn::Load(kFloats, finish.scales + column);
      sum = hn::Load(kFloats, finish.sums + column);
    }
  }

  /// sums + bias, the sums of int8 read back first:
  /// Σ (scale · q + minimum) · (w_scale · w) = w_scale · (scale · Σ q w + minimum · Σ w).
  HWY_INLINE Vector Value(const void* tile, std::size_t place, const TileFinish& finish,
                          std::size_t row) const {
    if constexpr (kSums != Sums::kFloat) {
      const RowScale& row_scale = finish.rows[row * finish.rows_stride];
      const auto sums = hn::Load(kInts, static_cast<const std::int32_t*>(tile) + place);
      const Vector scaled =
          hn::Mul(hn::ConvertTo(kFloats, sums), hn::Set(kFloats, row_scale.scale));
      const Vector before =
          kSums == Sums::kMoreInt8 ? hn::Load(kFloats, finish.partial + place) : bias;
      return hn::MulAdd(hn::MulAdd(sum, hn::Set(kFloats, row_scale.minimum), scaled), scale,
                        before);
    } else {
      return hn::Add(hn::Load(kFloats, static_cast<const float*>(tile) + place), bias);
    }
  }

  Vector bias;
  Vector scale = {};
  Vector sum = {};
};

/// What the output holds.
HWY_INLINE Vector LoadOutput(const TileFinish& finish, std::size_t place, std::size_t count) {
  return finish.halves != nullptr ? LoadNarrow(finish.halves + place, count)
                                  : LoadFirst(finish.floats + place, count);
}

template <Function kFunction, Sums kSums>
void FinishColumns(const void* tile, std::size_t rows, const TileFinish& finish) {
  for (std::size_t column = 0; column < finish.columns; column += kLanes) {
    const ColumnVectors<kSums> columns(finish, column);
    const std::size_t count = finish.columns - column;
    const auto value = [&](std::size_t row) HWY_ATTR {
      const Vector sum = columns.Value(tile, row * kPanelColumns + column, finish, row);
      if constexpr (kFunction == Function::kGate) {
        return hn::Mul(sum, LoadOutput(finish, row * finish.stride + column, count));
      } else {
        return Activate<kFunction>(sum);
      }
    };
    if (finish.halves != nullptr) {
      for (std::size_t row = 0; row < rows; ++row) {
        StoreNarrow(value(row), finish.halves + row * finish.stride + column, count);
      }
    } else {
      for (std::size_t row = 0; row < rows; ++row) {
        StoreFirst(value(row), finish.floats + row * finish.stride + column, count);
      }
    }
  }
}

template <Function kFunction>
void FinishTile(const void* tile, std::size_t rows, const TileFinish& finish) {
  if (finish.partial != nullptr) {
    FinishColumns<kFunction, Sums::kMoreInt8>(tile, rows, finish);
  } else if (finish.scales != nullptr) {
    FinishColumns<kFunction, Sums::kInt8>(tile, rows, finish);
  } else {
    FinishColumns<kFunction, Sums::kFloat>(tile, rows, finish);
  }
}

void Finish(const void* tile, std::size_t rows, const TileFinish& finish) {
  switch (finish.activation) {
    case Activation::kNone:
      return FinishTile<Function::kNone>(tile, rows, finish);
    case Activation::kGelu:
      return finish.is_narrow ? FinishTile<Function::kRoughGelu>(tile, rows, finish)
                              : FinishTile<Function::kGelu>(tile, rows, finish);
    case Activation::kGeluNew:
      return FinishTile<Function::kGeluNew>(tile, rows, finish);
    case Activation::kRelu:
      return FinishTile<Function::kRelu>(tile, rows, finish);
    case Activation::kTanh:
      return FinishTile<Function::kTanh>(tile, rows, finish);
    case Activation::kGate:
      return FinishTile<Function::kGate>(tile, rows, finish);
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
FinishFunction GetFinish() {
  return &Finish;
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {

HWY_EXPORT(GetFinish);

FinishFunction FinishOf(Isa isa) {
  static const IsaTable<FinishFunction> table([] { return HWY_DYNAMIC_DISPATCH(GetFinish)(); });
  return table.For(isa);
}

}  // namespace bertqa

#endif  // HWY_ONCE
