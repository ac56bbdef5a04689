#pragma once

#include <string>
#include <vector>

#include "encoder/config.h"

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

/// Places of a layer's feed-forward networks in the order in which they are computed: behind
/// LayerPlace, before FamilyTraits::layer's names. MobileBERT's are "ffn.0.", "ffn.1.", … and "".
inline std::vector<std::string> FeedForwardPlaces(const EncoderConfig& config) {
  std::vector<std::string> places;
  for (std::size_t index = 0; index + 1 < config.mobilebert.feed_forwards; ++index) {
    places.push_back("ffn." + std::to_string(index) + ".");
  }
  places.emplace_back();
  return places;
}

/// Behind LayerPlace, each of them with a ".dense" and a ".LayerNorm".
inline constexpr const char* kInputBottleneck = "bottleneck.input";
inline constexpr const char* kSharedBottleneck = "bottleneck.attention";
inline constexpr const char* kOutputBottleneck = "output.bottleneck";

}  // namespace bertqa
