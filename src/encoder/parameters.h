#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "encoder/checkpoint.h"
#include "encoder/compute_options.h"
#include "kernels/aligned_buffer.h"
#include "kernels/attention.h"
#include "kernels/linear.h"

namespace bertqa {

struct Convolution;
struct RelativePositions;

struct LayerNorm {
  AlignedBuffer<float> weight;  ///< [H], or [E] behind the embeddings
  AlignedBuffer<float> bias;    ///< the same
  float epsilon = 0;
};

/// One encoder layer (Devlin et al. 2019, section 3). Of a pre-norm network, a norm is the one
/// behind the sum: `attention_norm` is what the feed-forward layer takes, `output_norm` what the
/// next layer takes, or behind the last one the head.
struct LayerParameters {
  PackedLinear query_key_value;   ///< H to 3 · H: three products in one
  PackedLinear attention_output;  ///< H to H
  LayerNorm attention_norm;
  PackedLinear feed_forward_in;                        ///< H to F
  std::optional<PackedLinear> feed_forward_gate = {};  ///< H to F (Activation::kGate), or none
  PackedLinear feed_forward_out;                       ///< F to H
  LayerNorm output_norm;
};

/// The rows of the embedding tables, E numbers each, and what makes H numbers of them.
struct EmbeddingParameters {
  Isa isa = Isa::kBaseline;  ///< that rows are added and normalised with
  TensorBytes words;  ///< [V, E], as stored, in the file's mapping where that is possible (a row is
                      ///< widened when it is used: the table is half of a small model, and a
                      ///< question needs a few hundred rows of it)
  DType words_dtype = DType::kFloat32;
  AlignedBuffer<float> positions;  ///< [P, E]; a row of zeros for a network without the table
  bool reads_positions = true;     ///< false: row 0 of positions is added to every token
  AlignedBuffer<float> segments;   ///< [S, E]; a row of zeros for a network without the table
  bool reads_segments = true;      ///< false: row 0 of segments is added to every token
  LayerNorm norm;
  std::optional<PackedLinear> projection = {};  ///< E to H; none: E is H
  bool normalises_projected = false;            ///< the norm comes behind the projection

  std::size_t width() const {  ///< E
    return projection ? projection->inputs() : norm.weight.size();
  }
};

/// What stands before the product of the head.
struct HeadTransform {
  PackedLinear dense;  ///< H to H, then an activation
  LayerNorm norm;
};

/// All weights in the layout that the encoder computes with.
struct EncoderParameters {
  EmbeddingParameters embeddings;
  std::vector<DistanceBias> distance_biases;  ///< [A], the same for all layers; or none
  std::vector<LayerParameters> layers;        ///< [L], or one that all layers share
  std::optional<HeadTransform> head_transform = {};
  // Of DeBERTa; may be null. What is behind them is not changed, so copies may share it.
  std::shared_ptr<const RelativePositions> relative_positions = {};
  std::shared_ptr<const Convolution> convolution = {};
  PackedLinear head;  ///< H to 2, start and end; fp32 at every precision

  /// REQUIRES: layer_index < EncoderConfig::layers.
  const LayerParameters& layer(std::size_t layer_index) const {
    return layers.size() == 1 ? layers.front() : layers[layer_index];
  }
};

/// Reads every tensor once, on `threads` threads, and packs it once.
EncoderParameters LoadParameters(const Checkpoint& checkpoint, const ComputeOptions& options,
                                 std::size_t threads);

}  // namespace bertqa
