#include "encoder/family.h"

#include <algorithm>
#include <array>
#include <string>

#include "bertqa/error.h"
#include "encoder/config.h"

namespace bertqa {
namespace {

constexpr ShapeKeys kBertKeys = {.hidden_size = "hidden_size",
                                 .layers = "num_hidden_layers",
                                 .attention_heads = "num_attention_heads",
                                 .intermediate_size = "intermediate_size",
                                 .activation = "hidden_act"};

constexpr LayerTensorNames kBertLayer = {.query = "attention.self.query",
                                         .key = "attention.self.key",
                                         .value = "attention.self.value",
                                         .attention_output = "attention.output.dense",
                                         .attention_norm = "attention.output.LayerNorm",
                                         .feed_forward_in = "intermediate.dense",
                                         .feed_forward_out = "output.dense",
                                         .output_norm = "output.LayerNorm"};

constexpr FamilyTraits kBert = {.family = Family::kBert,
                                .model_type = "bert",
                                .architecture = "Bert",
                                .name = "BERT",
                                .keys = kBertKeys,
                                .default_activation = "gelu",
                                .reads_epsilon = true,
                                .positions = PositionRule::kFromZero,
                                .segments = SegmentRule::kRead,
                                .projection = ProjectionRule::kNone,
                                .projection_name = "",
                                .has_distance_bias = false,
                                .shares_layers = false,
                                .prefix = "bert.",
                                .layers = "encoder.layer.",
                                .layer = kBertLayer};

/// What a family is called; all else as BERT's.
constexpr FamilyTraits LikeBert(Family family, std::string_view model_type,
                                std::string_view architecture, std::string_view name,
                                std::string_view prefix) {
  FamilyTraits traits = kBert;
  traits.family = family;
  traits.model_type = model_type;
  traits.architecture = architecture;
  traits.name = name;
  traits.prefix = prefix;
  return traits;
}

// Sanh et al. 2019
constexpr FamilyTraits kDistilBert = {.family = Family::kDistilBert,
                                      .model_type = "distilbert",
                                      .architecture = "DistilBert",
                                      .name = "DistilBERT",
                                      .keys = {.hidden_size = "dim",
                                               .layers = "n_layers",
                                               .attention_heads = "n_heads",
                                               .intermediate_size = "hidden_dim",
                                               .activation = "activation"},
                                      .default_activation = "gelu",
                                      .reads_epsilon = false,
                                      .positions = PositionRule::kFromZero,
                                      .segments = SegmentRule::kNone,
                                      .projection = ProjectionRule::kNone,
                                      .projection_name = "",
                                      .has_distance_bias = false,
                                      .shares_layers = false,
                                      .prefix = "distilbert.",
                                      .layers = "transformer.layer.",
                                      .layer = {.query = "attention.q_lin",
                                                .key = "attention.k_lin",
                                                .value = "attention.v_lin",
                                                .attention_output = "attention.out_lin",
                                                .attention_norm = "sa_layer_norm",
                                                .feed_forward_in = "ffn.lin1",
                                                .feed_forward_out = "ffn.lin2",
                                                .output_norm = "output_layer_norm"}};

// Liu et al. 2019, and those trained as it was: Martin et al. 2020, Conneau et al. 2020.
constexpr FamilyTraits RobertaLike(Family family, std::string_view model_type,
                                   std::string_view architecture, std::string_view name) {
  FamilyTraits traits = LikeBert(family, model_type, architecture, name, "roberta.");
  traits.positions = PositionRule::kAfterPad;
  traits.segments = SegmentRule::kFirst;
  return traits;
}

// Lan et al. 2020
constexpr FamilyTraits kAlbert = {.family = Family::kAlbert,
                                  .model_type = "albert",
                                  .architecture = "Albert",
                                  .name = "ALBERT",
                                  .keys = kBertKeys,
                                  .default_activation = "gelu_new",
                                  .reads_epsilon = true,
                                  .positions = PositionRule::kFromZero,
                                  .segments = SegmentRule::kRead,
                                  .projection = ProjectionRule::kAlways,
                                  .projection_name = "encoder.embedding_hidden_mapping_in",
                                  .has_distance_bias = false,
                                  .shares_layers = true,
                                  .prefix = "albert.",
                                  .layers = "encoder.albert_layer_groups.0.albert_layers.0",
                                  .layer = {.query = "attention.query",
                                            .key = "attention.key",
                                            .value = "attention.value",
                                            .attention_output = "attention.dense",
                                            .attention_norm = "attention.LayerNorm",
                                            .feed_forward_in = "ffn",
                                            .feed_forward_out = "ffn_output",
                                            .output_norm = "full_layer_layer_norm"}};

// Clark et al. 2020; the discriminator
constexpr FamilyTraits Electra() {
  FamilyTraits traits = LikeBert(Family::kElectra, "electra", "Electra", "ELECTRA", "electra.");
  traits.projection = ProjectionRule::kWhereSizesDiffer;
  traits.projection_name = "embeddings_project";
  return traits;
}

// Song et al. 2020
constexpr FamilyTraits MpNet() {
  FamilyTraits traits = LikeBert(Family::kMpNet, "mpnet", "MPNet", "MPNet", "mpnet.");
  traits.positions = PositionRule::kAfterOne;
  traits.segments = SegmentRule::kNone;
  traits.has_distance_bias = true;
  traits.layer.query = "attention.attn.q";
  traits.layer.key = "attention.attn.k";
  traits.layer.value = "attention.attn.v";
  traits.layer.attention_output = "attention.attn.o";
  traits.layer.attention_norm = "attention.LayerNorm";
  return traits;
}

// Warner et al. 2024. Its tensors: modernbert_tensors.h.
constexpr FamilyTraits ModernBert() {
  FamilyTraits traits =
      LikeBert(Family::kModernBert, "modernbert", "ModernBert", "ModernBERT", "model.");
  traits.keys.activation = "hidden_activation";
  traits.positions = PositionRule::kRotary;
  traits.segments = SegmentRule::kNone;
  traits.layers = "layers.";
  traits.layer = {};
  traits.head = "classifier";
  traits.is_pre_norm = true;
  return traits;
}

// He et al. 2021, and He et al. 2023, which differ in their configurations only
constexpr FamilyTraits Deberta() {
  FamilyTraits traits =
      LikeBert(Family::kDeberta, "deberta-v2", "DebertaV2", "DeBERTa-v2", "deberta.");
  traits.segments = SegmentRule::kOptional;
  traits.projection = ProjectionRule::kBeforeNorm;
  traits.projection_name = "embeddings.embed_proj";
  traits.layer.query = "attention.self.query_proj";
  traits.layer.key = "attention.self.key_proj";
  traits.layer.value = "attention.self.value_proj";
  return traits;
}

// Sun et al. 2020; layers: mobilebert_config.h
constexpr FamilyTraits MobileBert() {
  FamilyTraits traits =
      LikeBert(Family::kMobileBert, "mobilebert", "MobileBert", "MobileBERT", "mobilebert.");
  traits.default_activation = "relu";
  traits.projection = ProjectionRule::kOfWords;
  traits.projection_name = "embeddings.embedding_transformation";
  return traits;
}

constexpr std::array kFamilies = {
    kBert,
    kDistilBert,
    RobertaLike(Family::kRoberta, "roberta", "Roberta", "RoBERTa"),
    RobertaLike(Family::kCamembert, "camembert", "Camembert", "CamemBERT"),
    RobertaLike(Family::kXlmRoberta, "xlm-roberta", "XLMRoberta", "XLM-RoBERTa"),
    kAlbert,
    Electra(),
    MpNet(),
    ModernBert(),
    Deberta(),
    MobileBert(),
};

}  // namespace

std::span<const FamilyTraits> Families() {
  return kFamilies;
}

const FamilyTraits& TraitsOf(Family family) {
  return *std::find_if(kFamilies.begin(), kFamilies.end(),
                       [&](const FamilyTraits& traits) { return traits.family == family; });
}

void RequireBert(const EncoderConfig& config, std::string_view what) {
  if (config.family != Family::kBert) {
    throw Error(ErrorCode::kUnsupported, std::string(what) + ": a BERT is expected, the model is " +
                                             std::string(TraitsOf(config.family).name));
  }
}

}  // namespace bertqa
