#pragma once

#include <string>

#include "encoder/family.h"

namespace bertqa {

/// "bert.embeddings.": word_embeddings, position_embeddings, token_type_embeddings, LayerNorm.
inline std::string EmbeddingsPlace(const FamilyTraits& traits) {
  return std::string(traits.prefix) + "embeddings.";
}

inline std::string ProjectionPlace(const FamilyTraits& traits) {
  return std::string(traits.prefix) + std::string(traits.projection_name);
}

/// [kDistanceBuckets, A]
inline std::string DistanceBiasName(const FamilyTraits& traits) {
  return std::string(traits.prefix) + "encoder.relative_attention_bias.weight";
}

/// "bert.encoder.layer.3.", what FamilyTraits::layer's names follow.
/// REQUIRES: layer_index < EncoderConfig::stored_layers().
inline std::string LayerPlace(const FamilyTraits& traits, std::size_t layer_index) {
  std::string place = std::string(traits.prefix) + std::string(traits.layers);
  if (!traits.shares_layers) {
    place += std::to_string(layer_index);
  }
  return place + '.';
}

}  // namespace bertqa
