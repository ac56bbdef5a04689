#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <vector>

#include "encoder/checkpoint.h"

namespace bertqa {

/// x · weight + bias.
struct Linear {
  at::Tensor weight;  ///< [in, out]: transposed, which MKL multiplies faster by than by [out, in]
  at::Tensor bias;    ///< [out]
};

struct LayerNorm {
  at::Tensor weight;  ///< [H]
  at::Tensor bias;    ///< [H]
  double epsilon = 0;
};

/// One encoder layer (BERT, Devlin et al. 2019, section 3).
struct LayerParameters {
  Linear query_key_value;   ///< [H, S]: three products in one; columns q, k, v, then zeros up to S
  Linear attention_output;  ///< [H, H]
  LayerNorm attention_norm;
  Linear feed_forward_in;   ///< [H, F]
  Linear feed_forward_out;  ///< [F, H]
  LayerNorm output_norm;
};

/// The rows of the three embedding tables.
struct EmbeddingParameters {
  at::Tensor words;      ///< [V, H], as stored (a row is widened when it is used: the table is half
                         ///< the model, and a question needs a few hundred rows of it)
  at::Tensor positions;  ///< [P, H] float
  at::Tensor segments;   ///< [S, H] float
  LayerNorm norm;
};

/// All weights in the layout that the encoder computes with; float but for the word table.
struct BertParameters {
  EmbeddingParameters embeddings;
  std::vector<LayerParameters> layers;  ///< [L]
  Linear head;                          ///< [H, 2]: start and end
};

/// Columns of the query-key-value product: 3 · H rounded up to 16 floats, so that every row begins
/// at a multiple of 64 bytes.
std::size_t QkvColumns(std::size_t hidden_size);

/// Reads every tensor once and converts it once.
BertParameters LoadParameters(const Checkpoint& checkpoint);

}  // namespace bertqa
