#pragma once

#include <cstddef>
#include <string>

#include "bertqa/precision.h"
#include "kernels/isa.h"

namespace bertqa {

/// How a model is computed: decided once, when it is loaded, here and nowhere else.
struct ComputeOptions {
  Precision precision = Precision::kFloat32;  ///< not kAuto
  Isa isa = Isa::kBaseline;
  std::string reason = {};  ///< why this precision, for people
};

/// What `wanted` comes to with the instruction set `isa` (docs/precision.md has the measurements):
/// kAuto is the fastest that loses no more than 0.1 F1: int8, but bf16 with AMX, whose int8 has
/// coarser scales, and fp32 without AVX2. Throws Error{kUsage} for bf16 where it is not native.
ComputeOptions ChooseCompute(Precision wanted, Isa isa);

/// What activations between the products are kept as.
struct ActivationTypes {
  bool bfloat16_attention = false;  ///< q, k, v and the attention's result are bfloat16
  bool bfloat16_inner = false;      ///< so is the feed-forward layer's inner activation
};

/// Attention that adds something to its scores is computed in fp32 at every precision.
ActivationTypes ChooseActivationTypes(const ComputeOptions& options, bool adds_to_scores);

/// Rows of one matrix product at most: a block's activations stay in the second-level cache, and
/// the weights are read from beyond it once a block. Blocks do not change results.
std::size_t MaxBlockRows(const ComputeOptions& options);

}  // namespace bertqa
