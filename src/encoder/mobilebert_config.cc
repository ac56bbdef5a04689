#include "encoder/mobilebert_config.h"

#include <string>

#include "encoder/config_reader.h"

namespace bertqa {

MobileBertConfig ReadMobileBert(ConfigReader& reader, std::size_t hidden_size) {
  MobileBertConfig shape{.feed_forwards = reader.SizeOr("num_feedforward_networks", 4),
                         .trigrams = reader.Flag("trigram_input", true)};
  const std::size_t size = reader.SizeOr("intra_bottleneck_size", 128);
  const bool feeds_attention = reader.Flag("use_bottleneck_attention", false);
  const bool is_shared = reader.Flag("key_query_shared_bottleneck", true);
  if (reader.Flag("use_bottleneck", true)) {
    shape.bottleneck_size = size;
    shape.stores_shared_bottleneck = is_shared;
    shape.attention_input = feeds_attention ? AttentionInput::kBottleneck
                            : is_shared     ? AttentionInput::kSharedBottleneck
                                            : AttentionInput::kHidden;
    if (shape.attention_input == AttentionInput::kHidden && size != hidden_size) {
      reader.Fail(ErrorCode::kMalformed,
                  "\"intra_bottleneck_size\" " + std::to_string(size) + " is not \"hidden_size\" " +
                      std::to_string(hidden_size) +
                      ", which queries are made of without \"key_query_shared_bottleneck\" and "
                      "\"use_bottleneck_attention\"");
    }
  }
  const std::string norm = reader.Text("normalization_type", "no_norm");
  if (norm != "no_norm" && norm != "layer_norm") {
    reader.Unsupported("normalization_type", "\"no_norm\" or \"layer_norm\"");
  }
  shape.scales_only = norm == "no_norm";
  reader.PassOver("classifier_activation");  // of the pooler, which answers nothing
  reader.RequireSize("true_hidden_size", shape.bottleneck_size == 0 ? hidden_size : size);
  return shape;
}

}  // namespace bertqa
