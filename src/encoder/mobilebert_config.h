#pragma once

#include <cstddef>

namespace bertqa {

class ConfigReader;
struct EncoderConfig;

/// What queries, keys and values of a layer are made of.
enum class AttentionInput {
  kHidden,  ///< the hidden state
  /// The narrow one that attention's result is added to ("use_bottleneck_attention").
  kBottleneck,
  /// Values of the hidden state; queries and keys of a narrow one of their own
  /// ("key_query_shared_bottleneck").
  kSharedBottleneck
};

/// The shape of a MobileBERT (Sun et al. 2020, section 3) as far as it is not a BERT's; the
/// defaults are a BERT's.
struct MobileBertConfig {
  /// T: products make T numbers of the hidden state before a layer and H of them behind it. 0: no
  /// such products, T is H.
  std::size_t bottleneck_size = 0;
  AttentionInput attention_input = AttentionInput::kHidden;
  /// Checkpoints hold the bottleneck of queries and keys; it may be unused.
  bool stores_shared_bottleneck = false;
  std::size_t feed_forwards = 1;  ///< feed-forward networks of a layer, one after the other
  bool trigrams = false;          ///< a token's embedding is made of its neighbours' words, too
  bool scales_only = false;       ///< "no_norm": values are scaled and shifted, not normalised
};

/// Completes `config`, with the defaults of transformers' MobileBertConfig. Errors as
/// ReadEncoderConfig.
void ReadMobileBert(ConfigReader& reader, EncoderConfig& config);

}  // namespace bertqa
