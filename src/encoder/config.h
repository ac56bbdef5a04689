#pragma once

#include <cstddef>
#include <filesystem>

#include "encoder/deberta_config.h"
#include "encoder/family.h"
#include "encoder/mobilebert_config.h"
#include "encoder/modernbert_config.h"
#include "kernels/activation.h"
#include "kernels/attention.h"

namespace bertqa {

/// What an encoder's `config.json` says of its kind and shape. Sizes are at least 1 but where it is
/// said.
struct EncoderConfig {
  Family family = Family::kBert;
  std::size_t vocabulary_size = 0;
  std::size_t hidden_size = 0;        ///< H
  std::size_t layers = 0;             ///< L, as they are computed
  std::size_t attention_heads = 0;    ///< A; divides T
  std::size_t intermediate_size = 0;  ///< F, of the feed-forward layer
  std::size_t max_positions = 0;      ///< rows of the position table, or without one the limit
  std::size_t segment_types = 2;      ///< rows of the segment table; 0: there is none
  double layer_norm_epsilon = 1e-12;
  Activation activation = Activation::kGelu;  ///< not kNone
  std::size_t embedding_size = 0;    ///< E, of which a product makes H; 0: embeddings are H long
  std::size_t pad_id = 0;            ///< where the family's positions depend on it
  ModernBertConfig modernbert = {};  ///< of that family only
  DebertaConfig deberta = {};        ///< the same
  MobileBertConfig mobilebert = {};  ///< the same

  bool has_bottlenecks() const { return mobilebert.bottleneck_size != 0; }
  /// T: how many numbers of a token a layer computes with; H where there are no bottlenecks.
  std::size_t layer_width() const {
    return has_bottlenecks() ? mobilebert.bottleneck_size : hidden_size;
  }
  /// What values are made of: H numbers or T.
  std::size_t value_inputs() const {
    return mobilebert.attention_input == AttentionInput::kBottleneck ? layer_width() : hidden_size;
  }
  std::size_t head_size() const { return layer_width() / attention_heads; }  ///< D
  bool projects_embeddings() const { return embedding_size != 0; }
  std::size_t embedding_width() const {
    return projects_embeddings() ? embedding_size : hidden_size;
  }
  /// What the product makes hidden states of: E, or three words' E.
  std::size_t projection_inputs() const {
    return (mobilebert.trigrams ? 3 : 1) * embedding_width();
  }
  /// Whether the product is of words alone (ProjectionRule::kOfWords).
  bool projects_words() const { return TraitsOf(family).projection == ProjectionRule::kOfWords; }
  /// False where its weights are not used.
  bool computes_projection() const {
    return projects_embeddings() &&
           (!projects_words() || mobilebert.trigrams || embedding_size != hidden_size);
  }
  /// The length of the rows of positions and segments.
  std::size_t position_width() const { return projects_words() ? hidden_size : embedding_width(); }
  /// Of the LayerNorms behind the embeddings and behind a layer's last feed-forward network.
  /// MobileBERT's do not heed config.json: theirs is torch.nn.LayerNorm's default.
  double outer_epsilon() const { return family == Family::kMobileBert ? 1e-5 : layer_norm_epsilon; }
  /// Layers with weights of their own.
  std::size_t stored_layers() const { return TraitsOf(family).shares_layers ? 1 : layers; }
  bool has_distance_bias() const { return TraitsOf(family).has_distance_bias; }
  bool has_rotary_positions() const { return TraitsOf(family).positions == PositionRule::kRotary; }
  /// Whether embeddings of absolute positions are added.
  bool has_position_table() const {
    return !has_rotary_positions() && (family != Family::kDeberta || deberta.has_position_table);
  }
  /// What attention adds to scores is computed in fp32.
  bool adds_to_scores() const {
    return has_distance_bias() || (family == Family::kDeberta && deberta.score_terms > 1);
  }
  bool has_position_terms() const {
    return family == Family::kDeberta && deberta.has_position_terms();
  }
  /// Whether LayerNorm comes behind the product that makes H numbers of E.
  bool normalises_projected() const {
    return projects_embeddings() && TraitsOf(family).projection == ProjectionRule::kBeforeNorm;
  }
  /// The length of the norm of embeddings.
  std::size_t embedding_norm_width() const {
    return normalises_projected() ? hidden_size : position_width();
  }
  /// Whether a layer's tokens see only those nearby.
  bool is_local(std::size_t layer_index) const {
    return family == Family::kModernBert && layer_index % modernbert.global_every_layers != 0;
  }
  /// How far they see (AttentionHead::reach).
  std::size_t reach(std::size_t layer_index) const {
    return is_local(layer_index) ? modernbert.local_reach : kWholeWindow;
  }
  /// Whether a padding token inside a text takes the row of its id, and the first one the next.
  bool positions_follow_pad() const {
    const PositionRule rule = TraitsOf(family).positions;
    return rule == PositionRule::kAfterPad || rule == PositionRule::kAfterOne;
  }
  /// The row of the position table that a window's first token takes.
  std::size_t first_position() const { return positions_follow_pad() ? pad_id + 1 : 0; }
  /// The longest input.
  std::size_t max_window_tokens() const { return max_positions - first_position(); }
};

/// Reads and checks `config.json`. Throws Error{kUnreadable, kMalformed}, or Error{kUnsupported}
/// that names the key and its value where the network is of a kind that is not built here, and so
/// for every key that is neither read nor known to change nothing (config_keys.h).
EncoderConfig ReadEncoderConfig(const std::filesystem::path& path);

/// What `config.json` says of training; defaults where it says nothing.
struct TrainingDefaults {
  double dropout = 0.1;             ///< "hidden_dropout_prob", from 0 to below 1
  double initializer_range = 0.02;  ///< the standard deviation of fresh weights, above 0
};

/// Errors as ReadEncoderConfig.
TrainingDefaults ReadTrainingDefaults(const std::filesystem::path& path);

}  // namespace bertqa
