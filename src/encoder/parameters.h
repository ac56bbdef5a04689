#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "encoder/checkpoint.h"
#include "encoder/compute_options.h"
#include "encoder/norm.h"
#include "kernels/aligned_buffer.h"
#include "kernels/attention.h"
#include "kernels/linear.h"

namespace bertqa {

struct Convolution;
struct RelativePositions;

/// A feed-forward network, and the norm of the sum of its output and its input.
struct FeedForwardParameters {
  PackedLinear in;                        ///< T to F
  std::optional<PackedLinear> gate = {};  ///< T to F (Activation::kGate), or none
  PackedLinear out;                       ///< F to T
  LayerNorm norm;
};

/// A product and the norm behind it.
struct Bottleneck {
  PackedLinear dense;
  LayerNorm norm;
};

/// What leads into the narrow part of a MobileBERT's layer and out of it (Sun et al. 2020, section
/// 3.1).
struct BottleneckParameters {
  Bottleneck input;                     ///< H to T: what attention's result is added to
  std::optional<Bottleneck> query_key;  ///< H to T; AttentionInput::kSharedBottleneck
  std::optional<PackedLinear> value;    ///< H to T: where there is query_key
  Bottleneck output;                    ///< T to H; the layer's input is added before the norm
};

/// One encoder layer (Devlin et al. 2019, section 3). Of a pre-norm network, a norm is the one
/// behind the sum: `attention_norm` is what the feed-forward layer takes, its own norm is what the
/// next layer takes, or behind the last one the head.
struct LayerParameters {
  std::optional<BottleneckParameters> bottlenecks = {};  ///< none: T is H
  PackedLinear query_key_value;   ///< T to 3 · T: three products in one, or two where the
                                  ///< bottlenecks have a value of their own
  PackedLinear attention_output;  ///< T to T
  LayerNorm attention_norm;
  std::vector<FeedForwardParameters> feed_forwards;  ///< in the order of their computation
};

/// The rows of the embedding tables, E numbers each, and what makes H numbers of them.
struct EmbeddingParameters {
  Isa isa = Isa::kBaseline;  ///< that rows are added and normalised with
  TensorBytes words;  ///< [V, E], as stored, in the file's mapping where that is possible (a row is
                      ///< widened when it is used: the table is half of a small model, and a
                      ///< question needs a few hundred rows of it)
  DType words_dtype = DType::kFloat32;
  std::size_t word_width = 0;      ///< E
  std::size_t position_width = 0;  ///< E, or H (ProjectionRule::kOfWords)
  AlignedBuffer<float> positions;  ///< [P, that]; a row of zeros for a network without the table
  bool reads_positions = true;     ///< false: row 0 of positions is added to every token
  AlignedBuffer<float> segments;   ///< [S, that]; a row of zeros for a network without the table
  bool reads_segments = true;      ///< false: row 0 of segments is added to every token
  LayerNorm norm;
  std::optional<PackedLinear> projection = {};  ///< E or 3 · E to H; none: E is H
  bool normalises_projected = false;            ///< the norm comes behind the projection
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

  /// Multiplications of one token with weights in a forward pass of `layer_count` layers.
  std::size_t CountMultiplications(std::size_t layer_count) const;

  /// REQUIRES: layer_index < EncoderConfig::layers.
  const LayerParameters& layer(std::size_t layer_index) const {
    return layers.size() == 1 ? layers.front() : layers[layer_index];
  }
};

/// Reads every tensor once, on `threads` threads, and packs it once.
EncoderParameters LoadParameters(const Checkpoint& checkpoint, const ComputeOptions& options,
                                 std::size_t threads);

}  // namespace bertqa
