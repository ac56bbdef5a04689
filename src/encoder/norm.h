#pragma once

#include <cstddef>

#include "kernels/aligned_buffer.h"
#include "kernels/isa.h"

namespace bertqa {

struct LayerNorm {
  AlignedBuffer<float> weight;  ///< [size]: H, T, or E behind the embeddings
  AlignedBuffer<float> bias;    ///< [size]
  float epsilon = 0;
  bool scales_only = false;  ///< NoNorm (Sun et al. 2020, section 3.3): weight · x + bias
};

/// values [rows, size] = norm(values + residual), in place; `residual` may be null.
void Normalise(Isa isa, const LayerNorm& norm, float* values, const float* residual,
               std::size_t rows);

}  // namespace bertqa
