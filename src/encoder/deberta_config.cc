#include "encoder/deberta_config.h"

#include <string>

#include "encoder/config.h"
#include "encoder/config_reader.h"

namespace bertqa {
namespace {

void ReadPositionTerms(ConfigReader& reader, DebertaConfig& own) {
  for (const std::string& term : reader.Words("pos_att_type")) {
    if (term == "c2p") {
      own.content_to_position = true;
    } else if (term == "p2c") {
      own.position_to_content = true;
    } else {
      reader.Unsupported("pos_att_type", "\"c2p\", \"p2c\" or both");
    }
  }
  own.score_terms = 1 + (own.content_to_position ? 1 : 0) + (own.position_to_content ? 1 : 0);
}

void ReadRelativePositions(ConfigReader& reader, const EncoderConfig& config, DebertaConfig& own) {
  ReadPositionTerms(reader, own);
  own.has_relative_table = reader.Flag("relative_attention");
  own.shares_projections = reader.Flag("share_att_key");
  for (const std::string& norm : reader.Words("norm_rel_ebd")) {
    if (norm == "layer_norm") {
      own.normalises_table = true;
    } else if (norm != "none") {
      reader.Unsupported("norm_rel_ebd", "\"layer_norm\" or \"none\"");
    }
  }
  own.distance_buckets = reader.SizeOrNone("position_buckets");
  own.max_distance = reader.SizeOrNone("max_relative_positions");
  if (own.max_distance == 0) {
    own.max_distance = config.max_positions;
  }
  // Buckets are exact below half of them; the other half is for the distances from there to k.
  if (own.distance_buckets == 1 ||
      (own.distance_buckets != 0 && own.max_distance <= own.distance_buckets / 2 + 1)) {
    reader.Fail(
        ErrorCode::kMalformed,
        "\"position_buckets\" " + std::to_string(own.distance_buckets) +
            " do not divide distances below " + std::to_string(own.max_distance) +
            "; at least 2 are expected, and fewer than twice as many as there are distances");
  }
}

Activation ReadConvolutionActivation(ConfigReader& reader) {
  const std::string name = reader.Text("conv_act", "tanh");
  if (name == "tanh") {
    return Activation::kTanh;
  }
  if (name == "gelu" || name == "gelu_new" || name == "relu") {
    return reader.ReadActivation("conv_act", name);
  }
  reader.Unsupported("conv_act", "\"tanh\", \"gelu\", \"gelu_new\" or \"relu\"");
}

void ReadConvolution(ConfigReader& reader, const EncoderConfig& config, DebertaConfig& own) {
  own.convolution_width = reader.SizeOrNone("conv_kernel_size");
  own.convolution_groups = reader.SizeOr("conv_groups", 1);
  own.convolution_activation = ReadConvolutionActivation(reader);
  if (own.convolution_width == 0) {
    return;
  }
  if (own.convolution_width % 2 == 0) {
    reader.Unsupported("conv_kernel_size", "an odd number");
  }
  if (config.hidden_size % own.convolution_groups != 0) {
    reader.Fail(ErrorCode::kMalformed, "\"hidden_size\" " + std::to_string(config.hidden_size) +
                                           " is not a multiple of \"conv_groups\" " +
                                           std::to_string(own.convolution_groups));
  }
}

}  // namespace

void ReadDeberta(ConfigReader& reader, EncoderConfig& config) {
  DebertaConfig& own = config.deberta;
  config.layer_norm_epsilon = reader.Number("layer_norm_eps", 1e-7);
  reader.RequireSize("attention_head_size", config.head_size());
  own.has_position_table = reader.Flag("position_biased_input", true);
  ReadRelativePositions(reader, config, own);
  ReadConvolution(reader, config, own);
  if (!own.has_position_table && own.has_position_terms()) {
    config.max_positions = (2 * own.max_distance - 1) * config.layers;
  }
}

}  // namespace bertqa
