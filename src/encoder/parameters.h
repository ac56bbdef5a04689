#pragma once

#include <cstddef>
#include <vector>

#include "encoder/checkpoint.h"
#include "encoder/compute_options.h"
#include "kernels/aligned_buffer.h"
#include "kernels/linear.h"

namespace bertqa {

struct LayerNorm {
  AlignedBuffer<float> weight;  ///< [H]
  AlignedBuffer<float> bias;    ///< [H]
  float epsilon = 0;
};

/// One encoder layer (BERT, Devlin et al. 2019, section 3).
struct LayerParameters {
  PackedLinear query_key_value;   ///< H to 3 · H: three products in one
  PackedLinear attention_output;  ///< H to H
  LayerNorm attention_norm;
  PackedLinear feed_forward_in;   ///< H to F
  PackedLinear feed_forward_out;  ///< F to H
  LayerNorm output_norm;
};

/// The rows of the three embedding tables.
struct EmbeddingParameters {
  Isa isa = Isa::kBaseline;  ///< that rows are added and normalised with
  TensorBytes words;  ///< [V, H], as stored, in the file's mapping where that is possible (a row is
                      ///< widened when it is used: the table is half of a small model, and a
                      ///< question needs a few hundred rows of it)
  DType words_dtype = DType::kFloat32;
  AlignedBuffer<float> positions;  ///< [P, H]
  AlignedBuffer<float> segments;   ///< [S, H]
  LayerNorm norm;
};

/// All weights in the layout that the encoder computes with.
struct BertParameters {
  EmbeddingParameters embeddings;
  std::vector<LayerParameters> layers;  ///< [L]
  PackedLinear head;                    ///< H to 2, start and end; fp32 at every precision
};

/// Reads every tensor once, on `threads` threads, and packs it once.
BertParameters LoadParameters(const Checkpoint& checkpoint, const ComputeOptions& options,
                              std::size_t threads);

}  // namespace bertqa
