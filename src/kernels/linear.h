#pragma once

#include <cstddef>
#include <cstdint>

#include "bertqa/precision.h"
#include "kernels/activation.h"
#include "kernels/aligned_buffer.h"
#include "kernels/bfloat16.h"
#include "kernels/isa.h"
#include "kernels/operand.h"

namespace bertqa {

/// The weights of a linear layer, y = x · Wᵀ + b, packed for the products of one precision on one
/// instruction set. Immutable once all rows are set.
class PackedLinear {
 public:
  /// `precision` is not kAuto; kBFloat16 needs ComputesBFloat16(isa).
  PackedLinear(Precision precision, Isa isa, std::size_t inputs, std::size_t outputs);

  /// Rows [first_output, first_output + count) of W, row-major [count, inputs], and their biases.
  /// int8: each row is scaled by its largest magnitude.
  /// REQUIRES: first_output is a multiple of kOutputStep; so is count, unless the rows are the
  /// last.
  void SetRows(std::size_t first_output, std::size_t count, const float* weights,
               const float* biases);
  static constexpr std::size_t kOutputStep = 32;

  Precision precision() const { return precision_; }
  Isa isa() const { return isa_; }
  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }

 private:
  Precision precision_;
  Isa isa_;
  std::size_t inputs_;
  std::size_t outputs_;
};

/// Where a product goes: rows of floats or of bfloat16, `stride` values apart.
struct LinearOutput {
  float* floats = nullptr;
  BFloat16* halves = nullptr;  ///< instead of floats; precisions bf16 and int8 on native bf16 only
  std::size_t stride = 0;
};

/// output = activation(input · Wᵀ + b), on the calling thread.
/// `input` [rows, inputs] in the form that Operand of the same precision and instruction set gives
/// it. Any number of rows; a row's bits do not depend on the others, nor on how many there are.
void Multiply(const OperandView& input, std::size_t rows, const PackedLinear& linear,
              Activation activation, const LinearOutput& output);

}  // namespace bertqa
