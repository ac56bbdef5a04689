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

/// Of each of `tokens` of `batch`: `channels` (a range of H) of its neighbours and itself, from the
/// first of `width` to the last, out of `hidden` [N, H]. Writes `output` [tokens, width ·
/// channels].
void GatherNeighbours(const PackedBatch& batch, const float* hidden, std::size_t hidden_size,
                      TokenRange tokens, std::size_t width, TokenRange channels, float* output);

}  // namespace bertqa
