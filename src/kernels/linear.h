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
///
/// Packed in panels of 32 outputs, in which what a step of the product needs lies together: for
/// fp32 [inputs][32] floats, for bf16 [inputs / 2][32][2] values, for int8 [inputs / 4][32][4]
/// bytes. The last two are the layout of VNNI's and AMX's instructions; both are filled up with
/// zeros to 64 bytes of a row.
class PackedLinear {
 public:
  /// `precision` is not kAuto; kBFloat16 needs ComputesBFloat16(isa).
  PackedLinear(Precision precision, Isa isa, std::size_t inputs, std::size_t outputs);

  /// Rows [first_output, first_output + count) of W, row-major [count, inputs], and their biases.
  /// int8: each group of Int8GroupInputs(isa) inputs of a row is scaled by its largest magnitude
  /// (without VNNI also by the largest mean of inputs 2i and 2i + 1, so that nothing saturates);
  /// one with an infinity or a NaN gives NaN. REQUIRES: first_output is a multiple of kOutputStep;
  /// count <= kOutputStep.
  void SetRows(std::size_t first_output, std::size_t count, const float* weights,
               const float* biases);
  static constexpr std::size_t kOutputStep = 32;

  /// The whole of W from its transpose [inputs, outputs], rows `stride` values apart; biases are as
  /// they were (0 at first). REQUIRES: precision() is not kInt8; kBFloat16 for the second.
  void SetTransposed(const float* weights, std::size_t stride);
  void SetTransposed(const BFloat16* weights, std::size_t stride);

  /// The whole of W [outputs, inputs], rows `stride` values apart, as SetTransposed.
  void SetRowsOf(const float* weights, std::size_t stride);
  void SetRowsOf(const BFloat16* weights, std::size_t stride);

  /// Other sizes, in the same memory if that is enough; all is to be set again. Not for kInt8.
  void Reshape(std::size_t inputs, std::size_t outputs);

  Precision precision() const { return precision_; }
  Isa isa() const { return isa_; }
  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }

  std::size_t depth() const { return depth_; }  ///< steps of a panel
  /// The panel of outputs from `first_output` on.
  const std::byte* Panel(std::size_t first_output) const {
    return packed_.data() + first_output / kOutputStep * panel_bytes_;
  }
  std::size_t panel_bytes() const { return panel_bytes_; }
  const float* biases() const { return biases_.data(); }

  /// Steps whose sums are read back together: of a group of inputs for int8, else all of them.
  std::size_t group_depth() const { return groups_ > 1 ? group_inputs_ / 4 : depth_; }
  std::size_t groups() const { return groups_; }

  // int8 only: [groups, outputs rounded up], the scales of the rows' groups of inputs and the sums
  // of the quantised groups.
  const float* scales(std::size_t group) const { return scales_.data() + group * biases_.size(); }
  const float* sums(std::size_t group) const { return sums_.data() + group * biases_.size(); }

 private:
  std::byte* MutablePanel(std::size_t first_output) {
    return packed_.data() + first_output / kOutputStep * panel_bytes_;
  }
  void SetFloatColumn(float* panel, std::size_t column, const float* row) const;
  void SetBFloat16Column(BFloat16* panel, std::size_t column, const float* row) const;
  void SetInt8Column(std::int8_t* panel, std::size_t output, const float* row);
  template <typename T>
  void SetPairs(const T* weights, std::size_t stride);

  Precision precision_;
  Isa isa_;
  std::size_t inputs_;
  std::size_t outputs_;
  std::size_t depth_;
  std::size_t panel_bytes_;
  AlignedBuffer<std::byte> packed_;
  AlignedBuffer<float> biases_;
  std::size_t group_inputs_;  // int8 only
  std::size_t groups_;
  AlignedBuffer<float> scales_;
  AlignedBuffer<float> sums_;
};

/// Where a product goes: rows of floats or of bfloat16, `stride` values apart.
struct LinearOutput {
  float* floats = nullptr;
  BFloat16* halves = nullptr;  ///< instead of floats. REQUIRES: ComputesBFloat16(isa)
  std::size_t stride = 0;
};

/// output = activation(input · Wᵀ + b), on the calling thread. GELU to 3e-7 of its argument for
/// fp32, to 2e-4 for bf16 and int8.
/// `input` [rows, inputs] in the form that Operand of the same precision and instruction set gives
/// it. Any number of rows; a row's bits do not depend on the others, nor on how many there are.
void Multiply(const OperandView& input, std::size_t rows, const PackedLinear& linear,
              Activation activation, const LinearOutput& output);

/// The same without an activation, in blocks of `block_rows`, so that a block stays in the second
/// cache while all panels pass.
void MultiplyInBlocks(const OperandView& input, std::size_t rows, const PackedLinear& linear,
                      const LinearOutput& output, std::size_t block_rows);

}  // namespace bertqa
