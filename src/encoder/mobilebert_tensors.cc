#include "encoder/mobilebert_tensors.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "encoder/tensor_loader.h"
#include "encoder/tensor_names.h"

namespace bertqa {
namespace {

constexpr const char* kInputBottleneck = "bottleneck.input";
constexpr const char* kSharedBottleneck = "bottleneck.attention";
constexpr const char* kOutputBottleneck = "output.bottleneck";

const FamilyTraits& Traits() {
  return TraitsOf(Family::kMobileBert);
}

/// Places of a layer's feed-forward networks in the order in which they are computed; behind them
/// are the names of FamilyTraits::layer.
std::vector<std::string> FeedForwardPlaces(const EncoderConfig& config, std::size_t layer_index) {
  const std::string place = LayerPlace(Traits(), layer_index);
  std::vector<std::string> places;
  for (std::size_t index = 0; index + 1 < config.mobilebert.feed_forwards; ++index) {
    places.push_back(place + "ffn." + std::to_string(index) + ".");
  }
  places.push_back(place);
  return places;
}

void AddBottlenecks(std::vector<ExpectedTensor>& tensors, const EncoderConfig& config,
                    const std::string& place) {
  const auto add = [&](const char* name, std::size_t outputs, std::size_t inputs) {
    AddWeightAndBias(tensors, place + name + ".dense", {outputs, inputs});
    AddWeightAndBias(tensors, place + name + ".LayerNorm", {outputs});
  };
  const std::size_t width = config.layer_width();
  add(kInputBottleneck, width, config.hidden_size);
  if (config.mobilebert.stores_shared_bottleneck) {
    add(kSharedBottleneck, width, config.hidden_size);
  }
  add(kOutputBottleneck, config.hidden_size, width);
}

std::optional<BottleneckParameters> ReadBottlenecks(const TensorLoader& loader,
                                                    const std::string& place) {
  const EncoderConfig& config = loader.config();
  if (!config.has_bottlenecks()) {
    return {};
  }
  const std::size_t hidden = config.hidden_size;
  const std::size_t width = config.layer_width();
  const auto read = [&](const char* name, std::size_t inputs, std::size_t outputs) {
    const std::string at = place + name;
    return Bottleneck{.dense = loader.ReadLinear({at + ".dense"}, inputs, outputs),
                      .norm = loader.ReadNorm(at + ".LayerNorm", outputs)};
  };
  BottleneckParameters bottlenecks{.input = read(kInputBottleneck, hidden, width),
                                   .query_key = {},
                                   .value = {},
                                   .output = read(kOutputBottleneck, width, hidden)};
  if (config.mobilebert.attention_input == AttentionInput::kSharedBottleneck) {
    const std::string value = place + std::string(Traits().layer.value);
    bottlenecks.query_key = read(kSharedBottleneck, hidden, width);
    bottlenecks.value = loader.ReadLinear({value}, hidden, width);
  }
  return bottlenecks;
}

std::vector<FeedForwardParameters> ReadFeedForwards(const TensorLoader& loader,
                                                    std::size_t layer_index) {
  const EncoderConfig& config = loader.config();
  const std::size_t width = config.layer_width();
  const std::size_t inner = config.intermediate_size;
  const LayerTensorNames& names = Traits().layer;
  const std::vector<std::string> places = FeedForwardPlaces(config, layer_index);
  std::vector<FeedForwardParameters> networks;
  networks.reserve(places.size());
  for (const std::string& place : places) {
    const auto at = [&](std::string_view name) { return place + std::string(name); };
    const bool is_last = networks.size() + 1 == places.size();
    networks.push_back(
        {.in = loader.ReadLinear({at(names.feed_forward_in)}, width, inner),
         .out = loader.ReadLinear({at(names.feed_forward_out)}, inner, width),
         .norm = loader.ReadNorm(at(names.output_norm), width,
                                 is_last ? config.outer_epsilon() : config.layer_norm_epsilon)});
  }
  return networks;
}

}  // namespace

void AddMobileBertLayer(std::vector<ExpectedTensor>& tensors, const EncoderConfig& config,
                        std::size_t layer_index) {
  const std::size_t width = config.layer_width();
  const std::size_t inner = config.intermediate_size;
  const LayerTensorNames& names = Traits().layer;
  const std::string layer_place = LayerPlace(Traits(), layer_index);
  const auto add = [&](const std::string& place, std::string_view name, Shape shape) {
    AddWeightAndBias(tensors, place + std::string(name), std::move(shape));
  };
  if (config.has_bottlenecks()) {
    AddBottlenecks(tensors, config, layer_place);
  }
  add(layer_place, names.query, {width, width});
  add(layer_place, names.key, {width, width});
  add(layer_place, names.value, {width, config.value_inputs()});
  add(layer_place, names.attention_output, {width, width});
  add(layer_place, names.attention_norm, {width});
  for (const std::string& place : FeedForwardPlaces(config, layer_index)) {
    add(place, names.feed_forward_in, {inner, width});
    add(place, names.feed_forward_out, {width, inner});
    add(place, names.output_norm, {width});
  }
}

LayerParameters ReadMobileBertLayer(const TensorLoader& loader, std::size_t layer_index) {
  const EncoderConfig& config = loader.config();
  const std::size_t width = config.layer_width();
  const LayerTensorNames& names = Traits().layer;
  const std::string place = LayerPlace(Traits(), layer_index);
  const auto at = [&](std::string_view name) { return place + std::string(name); };
  std::vector<StoredRows> query_key_value = {{at(names.query)}, {at(names.key)}};
  if (config.mobilebert.attention_input != AttentionInput::kSharedBottleneck) {
    query_key_value.push_back({at(names.value)});
  }
  return {.bottlenecks = ReadBottlenecks(loader, place),
          .query_key_value =
              loader.ReadLinears(query_key_value, width, width, loader.options().precision),
          .attention_output = loader.ReadLinear({at(names.attention_output)}, width, width),
          .attention_norm = loader.ReadNorm(at(names.attention_norm), width),
          .feed_forwards = ReadFeedForwards(loader, layer_index)};
}

}  // namespace bertqa
