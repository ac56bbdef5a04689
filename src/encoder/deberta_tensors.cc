#include "encoder/deberta_tensors.h"

#include "encoder/tensor_names.h"

namespace bertqa {
namespace {

const FamilyTraits& Traits() {
  return TraitsOf(Family::kDeberta);
}

std::string InEncoder(const char* name) {
  return std::string(Traits().prefix) + "encoder." + name;
}

std::string InLayer(std::size_t layer_index, std::string_view name) {
  return LayerPlace(Traits(), layer_index) + std::string(name);
}

}  // namespace

std::string RelativeTableName() {
  return InEncoder("rel_embeddings.weight");
}

std::string RelativeNormPlace() {
  return InEncoder("LayerNorm");
}

std::string ConvolutionPlace() {
  return InEncoder("conv.conv");
}

std::string ConvolutionNormPlace() {
  return InEncoder("conv.LayerNorm");
}

std::string PositionKeyPlace(const EncoderConfig& config, std::size_t layer_index) {
  return InLayer(layer_index, config.deberta.shares_projections ? Traits().layer.key
                                                                : "attention.self.pos_key_proj");
}

std::string PositionQueryPlace(const EncoderConfig& config, std::size_t layer_index) {
  return InLayer(layer_index, config.deberta.shares_projections ? Traits().layer.query
                                                                : "attention.self.pos_query_proj");
}

void AddDebertaTensors(std::vector<ExpectedTensor>& tensors, const EncoderConfig& config) {
  const DebertaConfig& own = config.deberta;
  const std::size_t hidden = config.hidden_size;
  if (own.has_relative_table) {
    tensors.push_back({.name = RelativeTableName(), .shape = {2 * own.table_span(), hidden}});
  }
  if (own.normalises_table) {
    AddWeightAndBias(tensors, RelativeNormPlace(), {hidden});
  }
  if (own.has_relative_table && !own.shares_projections) {
    for (std::size_t layer = 0; layer < config.layers; ++layer) {
      if (own.content_to_position) {
        AddWeightAndBias(tensors, PositionKeyPlace(config, layer), {hidden, hidden});
      }
      if (own.position_to_content) {
        AddWeightAndBias(tensors, PositionQueryPlace(config, layer), {hidden, hidden});
      }
    }
  }
  if (own.convolution_width != 0) {
    AddWeightAndBias(tensors, ConvolutionPlace(),
                     {hidden, hidden / own.convolution_groups, own.convolution_width});
    AddWeightAndBias(tensors, ConvolutionNormPlace(), {hidden});
  }
}

bool IsUnusedPositionTable(const EncoderConfig& config, std::string_view name) {
  return config.family == Family::kDeberta && !config.deberta.has_position_table &&
         name.ends_with("embeddings.position_embeddings.weight");
}

}  // namespace bertqa
