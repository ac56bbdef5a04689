#include "encoder/parameters.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "encoder/convolution.h"
#include "encoder/distance_bias.h"
#include "encoder/mobilebert_tensors.h"
#include "encoder/modernbert_tensors.h"
#include "encoder/relative_positions.h"
#include "encoder/task_team.h"
#include "encoder/tensor_loader.h"
#include "encoder/tensor_names.h"

namespace bertqa {
namespace {

LayerParameters ReadLayer(const TensorLoader& loader, std::size_t layer_index) {
  const EncoderConfig& config = loader.config();
  if (config.family == Family::kModernBert) {
    return ReadModernBertLayer(loader, layer_index);
  }
  if (config.family == Family::kMobileBert) {
    return ReadMobileBertLayer(loader, layer_index);
  }
  const std::size_t hidden = config.hidden_size;
  const std::size_t inner = config.intermediate_size;
  const FamilyTraits& traits = TraitsOf(config.family);
  const LayerTensorNames& names = traits.layer;
  const auto at = [place = LayerPlace(traits, layer_index)](std::string_view name) {
    return place + std::string(name);
  };
  LayerParameters layer{
      .query_key_value = loader.ReadLinears({{at(names.query)}, {at(names.key)}, {at(names.value)}},
                                            hidden, hidden, loader.options().precision),
      .attention_output = loader.ReadLinear({at(names.attention_output)}, hidden, hidden),
      .attention_norm = loader.ReadNorm(at(names.attention_norm), hidden),
      .feed_forwards = {}};
  layer.feed_forwards.push_back(
      {.in = loader.ReadLinear({at(names.feed_forward_in)}, hidden, inner),
       .out = loader.ReadLinear({at(names.feed_forward_out)}, inner, hidden),
       .norm = loader.ReadNorm(at(names.output_norm), hidden)});
  return layer;
}

EmbeddingParameters ReadEmbeddings(const TensorLoader& loader) {
  const Checkpoint& checkpoint = loader.checkpoint();
  const EncoderConfig& config = loader.config();
  if (config.family == Family::kModernBert) {
    return ReadModernBertEmbeddings(loader);
  }
  const FamilyTraits& traits = TraitsOf(config.family);
  const std::size_t width = config.position_width();
  const std::string place = EmbeddingsPlace(traits);
  const std::string words = place + "word_embeddings.weight";
  EmbeddingParameters embeddings{
      .isa = loader.options().isa,
      .words = checkpoint.Read(words),
      .words_dtype = checkpoint.dtype(words),
      .word_width = config.embedding_width(),
      .position_width = width,
      .positions = config.has_position_table() ? loader.Float(place + "position_embeddings.weight",
                                                              config.max_positions * width)
                                               : AlignedBuffer<float>(width),
      .reads_positions = config.has_position_table(),
      .segments = config.segment_types == 0 ? AlignedBuffer<float>(width)
                                            : loader.Float(place + "token_type_embeddings.weight",
                                                           config.segment_types * width),
      .reads_segments = traits.segments == SegmentRule::kRead ||
                        (traits.segments == SegmentRule::kOptional && config.segment_types > 0),
      .norm = loader.ReadNorm(place + "LayerNorm", config.embedding_norm_width(),
                              config.outer_epsilon()),
      .normalises_projected = config.normalises_projected()};
  if (config.computes_projection()) {
    embeddings.projection = loader.ReadLinear({ProjectionPlace(traits)}, config.projection_inputs(),
                                              config.hidden_size);
  }
  return embeddings;
}

std::vector<DistanceBias> ReadDistanceBiases(const TensorLoader& loader) {
  const EncoderConfig& config = loader.config();
  if (!config.has_distance_bias()) {
    return {};
  }
  const std::size_t heads = config.attention_heads;
  const AlignedBuffer<float> table =
      loader.Float(DistanceBiasName(TraitsOf(config.family)), kDistanceBuckets * heads);
  return MakeDistanceBiases(table.data(), heads, config.max_window_tokens());
}

std::size_t CountWeights(const PackedLinear& linear) {
  return linear.inputs() * linear.outputs();
}

std::size_t CountWeights(const LayerParameters& layer) {
  std::size_t count = CountWeights(layer.query_key_value) + CountWeights(layer.attention_output);
  for (const FeedForwardParameters& network : layer.feed_forwards) {
    count += CountWeights(network.in) + CountWeights(network.out);
    count += network.gate ? CountWeights(*network.gate) : 0;
  }
  if (layer.bottlenecks) {
    const BottleneckParameters& bottlenecks = *layer.bottlenecks;
    count += CountWeights(bottlenecks.input.dense) + CountWeights(bottlenecks.output.dense);
    count += bottlenecks.query_key ? CountWeights(bottlenecks.query_key->dense) : 0;
    count += bottlenecks.value ? CountWeights(*bottlenecks.value) : 0;
  }
  return count;
}

}  // namespace

std::size_t EncoderParameters::CountMultiplications(std::size_t layer_count) const {
  std::size_t count = CountWeights(head);
  count += embeddings.projection ? CountWeights(*embeddings.projection) : 0;
  count += head_transform ? CountWeights(head_transform->dense) : 0;
  if (convolution) {
    for (const PackedLinear& group : convolution->groups) {
      count += CountWeights(group);
    }
  }
  for (std::size_t index = 0; index < layer_count; ++index) {
    count += CountWeights(layer(index));
  }
  return count;
}

EncoderParameters LoadParameters(const Checkpoint& checkpoint, const ComputeOptions& options,
                                 std::size_t threads) {
  const EncoderConfig& config = checkpoint.config();
  const std::size_t hidden = config.hidden_size;
  const TensorLoader loader(checkpoint, options);
  std::vector<std::optional<LayerParameters>> layers(config.stored_layers());
  TaskTeam(std::min(threads, layers.size()))
      .ForEach(layers.size(), [&](std::size_t layer, std::size_t /*worker*/) {
        layers[layer].emplace(ReadLayer(loader, layer));
      });
  EncoderParameters parameters{
      .embeddings = ReadEmbeddings(loader),
      .distance_biases = ReadDistanceBiases(loader),
      .layers = {},
      .head = loader.ReadLinears({StoredRows{std::string(TraitsOf(config.family).head)}}, hidden, 2,
                                 Precision::kFloat32)};
  if (config.family == Family::kModernBert) {
    parameters.head_transform = ReadModernBertHead(loader);
  } else if (config.family == Family::kDeberta) {
    parameters.relative_positions = LoadRelativePositions(loader, threads);
    if (config.deberta.convolution_width != 0) {
      parameters.convolution = std::make_shared<Convolution>(LoadConvolution(loader));
    }
  }
  parameters.layers.reserve(layers.size());
  for (std::optional<LayerParameters>& layer : layers) {
    parameters.layers.push_back(std::move(*layer));
  }
  return parameters;
}

}  // namespace bertqa
