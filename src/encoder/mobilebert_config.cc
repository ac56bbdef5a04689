#include "encoder/mobilebert_config.h"

#include <string>

#include "encoder/config.h"
#include "encoder/config_reader.h"

namespace bertqa {

void ReadMobileBert(ConfigReader& reader, EncoderConfig& config) {
  MobileBertConfig& own = config.mobilebert;
  own.feed_forwards = reader.SizeOr("num_feedforward_networks", 4);
  own.trigrams = reader.Flag("trigram_input", true);
  const std::size_t size = reader.SizeOr("intra_bottleneck_size", 128);
  const bool feeds_attention = reader.Flag("use_bottleneck_attention", false);
  const bool is_shared = reader.Flag("key_query_shared_bottleneck", true);
  if (reader.Flag("use_bottleneck", true)) {
    own.bottleneck_size = size;
    own.stores_shared_bottleneck = is_shared;
    own.attention_input = feeds_attention ? AttentionInput::kBottleneck
                          : is_shared     ? AttentionInput::kSharedBottleneck
                                          : AttentionInput::kHidden;
    if (own.attention_input == AttentionInput::kHidden && size != config.hidden_size) {
      reader.Fail(ErrorCode::kMalformed,
                  "\"intra_bottleneck_size\" " + std::to_string(size) + " is not \"hidden_size\" " +
                      std::to_string(config.hidden_size) +
                      ", which queries are made of without \"key_query_shared_bottleneck\" and "
                      "\"use_bottleneck_attention\"");
    }
  }
  const std::string norm = reader.Text("normalization_type", "no_norm");
  if (norm != "no_norm" && norm != "layer_norm") {
    reader.Unsupported("normalization_type", "\"no_norm\" or \"layer_norm\"");
  }
  own.scales_only = norm == "no_norm";
  reader.PassOver("classifier_activation");  // of the pooler, which answers nothing
  reader.RequireSize("true_hidden_size", config.layer_width());
}

}  // namespace bertqa
