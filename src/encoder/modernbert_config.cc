#include "encoder/modernbert_config.h"

#include <array>
#include <string>
#include <string_view>

#include "encoder/config.h"
#include "encoder/config_reader.h"

namespace bertqa {
namespace {

/// Written by transformers, and nothing that a question-answering head or its encoder reads.
constexpr auto kUnread = std::to_array<const char*>(
    {"classifier_pooling", "decoder_bias", "deterministic_flash_attn", "embedding_dropout",
     "initializer_cutoff_factor", "layer_norm_eps", "mlp_dropout", "position_embedding_type",
     "reference_compile", "repad_logits_with_grad", "sparse_pred_ignore_index",
     "sparse_prediction"});

/// Other heads of this family have tensors of the same names, which would be taken for it.
void RequireQuestionAnswering(ConfigReader& reader) {
  const std::string architecture = reader.Architecture();
  for (const std::string_view task :
       {"ForSequenceClassification", "ForTokenClassification", "ForMultipleChoice"}) {
    if (architecture.ends_with(task)) {
      reader.Fail(ErrorCode::kMalformed,
                  "no question-answering head: the model is a " + Quoted(architecture) +
                      "; a model that was trained for question answering is expected");
    }
  }
}

}  // namespace

void ReadModernBert(ConfigReader& reader, EncoderConfig& config) {
  RequireQuestionAnswering(reader);
  for (const char* key : kUnread) {
    reader.PassOver(key);
  }
  reader.RequireEmpty("rope_scaling");
  config.layer_norm_epsilon = reader.Number("norm_eps", 1e-5);
  ModernBertConfig& own = config.modernbert;
  own.attention_bias = reader.Flag("attention_bias");
  own.feed_forward_bias = reader.Flag("mlp_bias");
  own.norm_bias = reader.Flag("norm_bias");
  own.head_bias = reader.Flag("classifier_bias");
  own.head_activation = reader.ReadActivation("classifier_activation", "gelu");
  own.global_every_layers = reader.SizeOr("global_attn_every_n_layers", own.global_every_layers);
  // The window's length counts both sides.
  own.local_reach = reader.SizeOr("local_attention", 2 * own.local_reach) / 2;
  own.global_theta = reader.Positive("global_rope_theta", own.global_theta);
  own.local_theta =
      reader.PositiveOrNull("local_rope_theta", own.local_theta).value_or(own.global_theta);
  if (config.head_size() % 2 != 0) {
    reader.Fail(ErrorCode::kMalformed, "\"hidden_size\" " + std::to_string(config.hidden_size) +
                                           " and \"num_attention_heads\" " +
                                           std::to_string(config.attention_heads) +
                                           " make heads of " + std::to_string(config.head_size()) +
                                           " numbers; rotary positions need an even number");
  }
}

}  // namespace bertqa
