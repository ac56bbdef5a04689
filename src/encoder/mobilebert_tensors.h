#pragma once

#include <cstddef>
#include <vector>

#include "encoder/expected_tensors.h"
#include "encoder/parameters.h"

namespace bertqa {

class TensorLoader;

/// Adds a layer's tensors. Of a BERT's layer they differ in their shapes; there are those of the
/// bottlenecks beside them ("bottleneck.input", "bottleneck.attention", "output.bottleneck", each
/// with a ".dense" and a ".LayerNorm"), and those of the feed-forward networks before the last one
/// ("ffn.0.", "ffn.1.", … before a BERT's names).
void AddMobileBertLayer(std::vector<ExpectedTensor>& tensors, const EncoderConfig& config,
                        std::size_t layer_index);

LayerParameters ReadMobileBertLayer(const TensorLoader& loader, std::size_t layer_index);

}  // namespace bertqa
