#pragma once

#include <cstddef>

#include "kernels/activation.h"

namespace bertqa {

class ConfigReader;
struct EncoderConfig;

/// What only ModernBERT's config.json says (Warner et al. 2024, section 2.1).
struct ModernBertConfig {
  bool attention_bias = false;  ///< of query, key, value and the attention's output
  bool feed_forward_bias = false;
  bool norm_bias = false;
  bool head_bias = false;                          ///< of the head's first product
  Activation head_activation = Activation::kGelu;  ///< behind it
  std::size_t global_every_layers = 3;             ///< layers 0, 3, … see the whole window
  std::size_t local_reach = 64;   ///< tokens on either side that the other layers see
  double global_theta = 160'000;  ///< base of the rotary positions' wavelengths in those layers
  double local_theta = 10'000;    ///< in the others
};

/// Completes `config`. Errors as ReadEncoderConfig.
void ReadModernBert(ConfigReader& reader, EncoderConfig& config);

}  // namespace bertqa
