#pragma once

#include <cstddef>

#include "kernels/activation.h"

namespace bertqa {

class ConfigReader;
struct EncoderConfig;

/// What only DeBERTa's config.json says (He et al. 2021; He et al. 2023 for v3), as transformers'
/// DebertaV2Model reads it.
struct DebertaConfig {
  bool has_position_table = true;    ///< "position_biased_input": positions are added to embeddings
  bool has_relative_table = false;   ///< "relative_attention"
  bool content_to_position = false;  ///< in "pos_att_type"
  bool position_to_content = false;
  /// 1 and one for each of these two, also where there is no relative table.
  std::size_t score_terms = 1;
  bool shares_projections = false;     ///< "share_att_key": positions have no products of their own
  bool normalises_table = false;       ///< "norm_rel_ebd"
  std::size_t max_distance = 0;        ///< k: distances from here on are not told apart
  std::size_t distance_buckets = 0;    ///< to either side; 0: one for each distance below k
  std::size_t convolution_width = 0;   ///< "conv_kernel_size", odd; 0: there is none
  std::size_t convolution_groups = 1;  ///< divides H
  Activation convolution_activation = Activation::kTanh;

  /// Half the rows of the relative table.
  std::size_t table_span() const { return distance_buckets != 0 ? distance_buckets : max_distance; }
  /// Whether scores of attention have terms of positions.
  bool has_position_terms() const {
    return has_relative_table && (content_to_position || position_to_content);
  }
};

/// Completes `config`. Without a table of absolute positions its longest window is (2k - 1) · L
/// tokens: as far as L layers carry what each of them sees at distances below k (He et al. 2021,
/// "Handling long sequence input"). Errors as ReadEncoderConfig.
void ReadDeberta(ConfigReader& reader, EncoderConfig& config);

}  // namespace bertqa
