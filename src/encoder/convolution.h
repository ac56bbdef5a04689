#pragma once

#include <cstddef>
#include <vector>

#include "bertqa/window.h"
#include "encoder/embeddings.h"
#include "encoder/parameters.h"

namespace bertqa {

class TensorLoader;

/// DeBERTa-v2's convolution beside the first layer (transformers' `ConvLayer`): of the embeddings
/// of each token and its neighbours, zeros beyond the window's ends. Its result is added to the
/// first layer's, and normalised.
struct Convolution {
  std::size_t width = 0;             ///< tokens, odd
  std::vector<PackedLinear> groups;  ///< width · H / groups to H / groups each
  LayerNorm norm;

  std::size_t channels() const { return groups.front().outputs(); }  ///< H / groups
};

/// REQUIRES: config.deberta.convolution_width is not 0.
Convolution LoadConvolution(const TensorLoader& loader);

/// What a group reads of a token: `channels` (a range of H) of its neighbours and itself, `width`
/// tokens.
struct Neighbourhood {
  std::size_t width = 1;
  std::size_t hidden_size = 0;  ///< H
  TokenRange channels;
};

/// Writes those of `tokens` of `batch`, each token's from the first neighbour to the last, out of
/// `hidden` [N, H] to `output` [tokens, width · channels].
void GatherNeighbours(const PackedBatch& batch, const float* hidden, TokenRange tokens,
                      const Neighbourhood& neighbourhood, float* output);

}  // namespace bertqa
