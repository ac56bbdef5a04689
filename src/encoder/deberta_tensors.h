#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "encoder/expected_tensors.h"

namespace bertqa {

// Names of what DeBERTa has beside a BERT's tensors. A place has ".weight" and ".bias" behind it.

std::string RelativeTableName();  ///< [2 · span, H]
std::string RelativeNormPlace();  ///< [H]
std::string ConvolutionPlace();   ///< [H, H / groups, width]
std::string ConvolutionNormPlace();

/// What makes keys, or queries, of the relative table's rows, [H, H]: of its own, or the layer's.
/// REQUIRES: layer_index < L.
std::string PositionKeyPlace(const EncoderConfig& config, std::size_t layer_index);
std::string PositionQueryPlace(const EncoderConfig& config, std::size_t layer_index);

/// All of these that the network has, behind its layers.
void AddDebertaTensors(std::vector<ExpectedTensor>& tensors, const EncoderConfig& config);

/// True for a table of absolute positions, which checkpoints of networks without it hold, too.
bool IsUnusedPositionTable(const EncoderConfig& config, std::string_view name);

}  // namespace bertqa
