#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "kernels/linear.h"

namespace bertqa {

using Sizes = std::initializer_list<std::size_t>;

/// A linear layer and rows of input for it, with values between the rows that belong to somebody
/// else.
struct LinearCase {
  /// Normally distributed: activations with a mean of 0.3, weights of 1 / √inputs.
  LinearCase(std::size_t row_count, std::size_t input_count, std::size_t output_count,
             std::uint32_t seed);

  PackedLinear Pack(Precision precision, Isa isa) const;
  const float* Row(std::size_t row) const { return values.data() + row * stride; }
  float* Row(std::size_t row) { return values.data() + row * stride; }
  const float* WeightRow(std::size_t output) const { return weights.data() + output * inputs; }

  std::size_t rows;
  std::size_t inputs;
  std::size_t outputs;
  std::size_t stride;  ///< of `values`
  std::vector<float> values;
  std::vector<float> weights;  ///< [outputs, inputs]
  std::vector<float> biases;
};

/// Rows [begin, end) as one product: [end - begin, outputs], without anything between.
std::vector<float> MultiplyRows(const LinearCase& layer, const PackedLinear& linear,
                                Activation activation, std::size_t begin, std::size_t end);
std::vector<float> MultiplyAll(const LinearCase& layer, const PackedLinear& linear,
                               Activation activation);

/// The definition, in double precision.
double Activate(Activation activation, double value);

/// How far what a product of this precision makes of a value may be from `activated`.
double ActivationLimit(Activation activation, Precision precision, double activated);

/// fp32 and int8 on every supported instruction set, bf16 where it is native.
struct Mode {
  Isa isa;
  Precision precision;
};
std::vector<Mode> SupportedModes();

/// "avx2 int8, 5 x 33 -> 17"
std::string Describe(const Mode& mode, const LinearCase& layer);

}  // namespace bertqa
