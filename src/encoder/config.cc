#include "encoder/config.h"

#include <string>

#include "encoder/config_reader.h"
#include "encoder/distance_bias.h"

namespace bertqa {
namespace {

std::size_t ReadEmbeddingSize(ConfigReader& reader, const FamilyTraits& traits,
                              std::size_t hidden_size) {
  if (traits.projection == ProjectionRule::kNone) {
    return 0;
  }
  const std::size_t size = traits.projection == ProjectionRule::kBeforeNorm
                               ? reader.SizeOr("embedding_size", hidden_size)
                               : reader.Size("embedding_size");
  const bool may_lack = traits.projection == ProjectionRule::kWhereSizesDiffer ||
                        traits.projection == ProjectionRule::kBeforeNorm;
  return may_lack && size == hidden_size ? 0 : size;
}

std::size_t ReadSegmentTypes(ConfigReader& reader, SegmentRule rule) {
  switch (rule) {
    case SegmentRule::kNone:
      return 0;
    case SegmentRule::kOptional:
      return reader.Id("type_vocab_size", 0);
    default:
      return reader.Size("type_vocab_size");
  }
}

/// What transformers builds and this encoder does not.
void RefuseVariants(ConfigReader& reader, const FamilyTraits& traits) {
  if (traits.positions != PositionRule::kRotary &&
      reader.Text("position_embedding_type", "absolute") != "absolute") {
    reader.Unsupported("position_embedding_type", "\"absolute\"");
  }
  reader.RequireFalse("is_decoder");
  reader.RequireFalse("is_encoder_decoder");
  reader.RequireFalse("add_cross_attention");
  reader.RequireEmpty("pruned_heads");
  if (traits.shares_layers) {
    reader.RequireSize("num_hidden_groups", 1);
    reader.RequireSize("inner_group_num", 1);
  }
  if (traits.has_distance_bias) {
    reader.RequireSize("relative_attention_num_buckets", kDistanceBuckets);
  }
}

void CheckSizes(const ConfigReader& reader, const FamilyTraits& traits,
                const EncoderConfig& config) {
  if (config.layer_width() % config.attention_heads != 0) {
    const char* const key =
        config.has_bottlenecks() ? "intra_bottleneck_size" : traits.keys.hidden_size;
    reader.Fail(ErrorCode::kMalformed, Quoted(key) + " " + std::to_string(config.layer_width()) +
                                           " is not a multiple of " +
                                           Quoted(traits.keys.attention_heads) + " " +
                                           std::to_string(config.attention_heads));
  }
  if (config.first_position() >= config.max_positions) {
    reader.Fail(ErrorCode::kMalformed,
                "\"max_position_embeddings\" " + std::to_string(config.max_positions) +
                    " leaves no position behind \"pad_token_id\" " + std::to_string(config.pad_id));
  }
}

}  // namespace

EncoderConfig ReadEncoderConfig(const std::filesystem::path& path) {
  ConfigReader reader(path);
  const FamilyTraits& traits = reader.ReadFamily();
  RefuseVariants(reader, traits);
  EncoderConfig config{
      .family = traits.family,
      .vocabulary_size = reader.Size("vocab_size"),
      .hidden_size = reader.Size(traits.keys.hidden_size),
      .layers = reader.Size(traits.keys.layers),
      .attention_heads = reader.Size(traits.keys.attention_heads),
      .intermediate_size = reader.Size(traits.keys.intermediate_size),
      .max_positions = reader.Size("max_position_embeddings"),
      .segment_types = ReadSegmentTypes(reader, traits.segments),
      .layer_norm_epsilon = traits.reads_epsilon ? reader.Number("layer_norm_eps", 1e-12) : 1e-12,
      .activation = reader.ReadActivation(traits.keys.activation, traits.default_activation)};
  config.embedding_size = ReadEmbeddingSize(reader, traits, config.hidden_size);
  if (traits.positions == PositionRule::kAfterPad) {
    config.pad_id = reader.Id("pad_token_id", 1);
  } else if (traits.positions == PositionRule::kAfterOne) {
    config.pad_id = 1;
  }
  if (traits.family == Family::kMobileBert) {
    ReadMobileBert(reader, config);  // says what the heads must divide
  }
  CheckSizes(reader, traits, config);
  if (traits.family == Family::kModernBert) {
    ReadModernBert(reader, config);
  } else if (traits.family == Family::kDeberta) {
    ReadDeberta(reader, config);
  }
  reader.RequireAllUnderstood(traits.name);
  return config;
}

TrainingDefaults ReadTrainingDefaults(const std::filesystem::path& path) {
  ConfigReader reader(path);
  const TrainingDefaults defaults;
  return {.dropout = reader.Share("hidden_dropout_prob", defaults.dropout),
          .initializer_range = reader.Number("initializer_range", defaults.initializer_range)};
}

}  // namespace bertqa
