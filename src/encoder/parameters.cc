#include "encoder/parameters.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "encoder/distance_bias.h"
#include "encoder/embeddings.h"
#include "encoder/task_team.h"
#include "encoder/tensor_names.h"

namespace bertqa {
namespace {

/// Makes parameters of a checkpoint's tensors. Safe from several threads at once.
class Loader {
 public:
  Loader(const Checkpoint& checkpoint, const ComputeOptions& options)
      : checkpoint_(checkpoint), options_(options) {}

  AlignedBuffer<float> Float(const std::string& name, std::size_t count) const {
    const TensorBytes stored = checkpoint_.Read(name);
    AlignedBuffer<float> values(count);
    WidenStored(options_.isa, checkpoint_.dtype(name), stored.bytes.data(), count, values.data());
    return values;
  }

  LayerNorm ReadNorm(const std::string& name, std::size_t size) const {
    return {.weight = Float(name + ".weight", size),
            .bias = Float(name + ".bias", size),
            .epsilon = static_cast<float>(checkpoint_.config().layer_norm_epsilon)};
  }

  /// The [outputs, inputs] matrices of `names` one below the other, with their biases.
  PackedLinear ReadLinears(const std::vector<std::string>& names, std::size_t inputs,
                           std::size_t outputs, Precision precision) const {
    std::vector<Stacked> parts;
    parts.reserve(names.size());
    for (const std::string& name : names) {
      parts.push_back({.weight = checkpoint_.Read(name + ".weight"),
                       .dtype = checkpoint_.dtype(name + ".weight"),
                       .bias = Float(name + ".bias", outputs)});
    }
    constexpr std::size_t kStep = PackedLinear::kOutputStep;
    const std::size_t total = names.size() * outputs;
    PackedLinear linear(precision, options_.isa, inputs, total);
    AlignedBuffer<float> rows(kStep * inputs);
    AlignedBuffer<float> biases(kStep);
    for (std::size_t first = 0; first < total; first += kStep) {
      const std::size_t count = std::min(kStep, total - first);
      for (std::size_t row = 0; row < count; ++row) {
        const Stacked& part = parts[(first + row) / outputs];
        const std::size_t row_of_part = (first + row) % outputs;
        WidenStored(options_.isa, part.dtype,
                    part.weight.bytes.data() + row_of_part * inputs * SizeOf(part.dtype), inputs,
                    rows.data() + row * inputs);
        biases.data()[row] = part.bias.data()[row_of_part];
      }
      linear.SetRows(first, count, rows.data(), biases.data());
    }
    return linear;
  }

  PackedLinear ReadLinear(const std::string& name, std::size_t inputs, std::size_t outputs) const {
    return ReadLinears({name}, inputs, outputs, options_.precision);
  }

 private:
  struct Stacked {
    TensorBytes weight;
    DType dtype;
    AlignedBuffer<float> bias;
  };

  const Checkpoint& checkpoint_;  // outlives the loader, which lives for one LoadParameters
  ComputeOptions options_;
};

LayerParameters ReadLayer(const Loader& loader, const EncoderConfig& config, Precision precision,
                          std::size_t layer) {
  const std::size_t hidden = config.hidden_size;
  const std::size_t inner = config.intermediate_size;
  const FamilyTraits& traits = TraitsOf(config.family);
  const LayerTensorNames& names = traits.layer;
  const auto at = [place = LayerPlace(traits, layer)](std::string_view name) {
    return place + std::string(name);
  };
  return {
      .query_key_value = loader.ReadLinears({at(names.query), at(names.key), at(names.value)},
                                            hidden, hidden, precision),
      .attention_output = loader.ReadLinear(at(names.attention_output), hidden, hidden),
      .attention_norm = loader.ReadNorm(at(names.attention_norm), hidden),
      .feed_forward_in = loader.ReadLinear(at(names.feed_forward_in), hidden, inner),
      .feed_forward_out = loader.ReadLinear(at(names.feed_forward_out), inner, hidden),
      .output_norm = loader.ReadNorm(at(names.output_norm), hidden),
  };
}

EmbeddingParameters ReadEmbeddings(const Loader& loader, const Checkpoint& checkpoint,
                                   const ComputeOptions& options) {
  const EncoderConfig& config = checkpoint.config();
  const FamilyTraits& traits = TraitsOf(config.family);
  const std::size_t width = config.embedding_width();
  const std::string place = EmbeddingsPlace(traits);
  const std::string words = place + "word_embeddings.weight";
  EmbeddingParameters embeddings{
      .isa = options.isa,
      .words = checkpoint.Read(words),
      .words_dtype = checkpoint.dtype(words),
      .positions = loader.Float(place + "position_embeddings.weight", config.max_positions * width),
      .segments = config.segment_types == 0 ? AlignedBuffer<float>(width)
                                            : loader.Float(place + "token_type_embeddings.weight",
                                                           config.segment_types * width),
      .reads_segments = traits.segments == SegmentRule::kRead,
      .norm = loader.ReadNorm(place + "LayerNorm", width)};
  if (config.segment_types == 0) {
    std::fill_n(embeddings.segments.data(), width, 0.0F);
  }
  if (config.projects_embeddings()) {
    embeddings.projection = loader.ReadLinear(ProjectionPlace(traits), width, config.hidden_size);
  }
  return embeddings;
}

std::vector<DistanceBias> ReadDistanceBiases(const Loader& loader, const EncoderConfig& config) {
  if (!config.has_distance_bias()) {
    return {};
  }
  const std::size_t heads = config.attention_heads;
  const AlignedBuffer<float> table =
      loader.Float(DistanceBiasName(TraitsOf(config.family)), kDistanceBuckets * heads);
  return MakeDistanceBiases(table.data(), heads, config.max_window_tokens());
}

}  // namespace

EncoderParameters LoadParameters(const Checkpoint& checkpoint, const ComputeOptions& options,
                                 std::size_t threads) {
  const EncoderConfig& config = checkpoint.config();
  const std::size_t hidden = config.hidden_size;
  const Loader loader(checkpoint, options);
  std::vector<std::optional<LayerParameters>> layers(config.stored_layers());
  TaskTeam(std::min(threads, layers.size()))
      .ForEach(layers.size(), [&](std::size_t layer, std::size_t /*worker*/) {
        layers[layer].emplace(ReadLayer(loader, config, options.precision, layer));
      });
  EncoderParameters parameters{
      .embeddings = ReadEmbeddings(loader, checkpoint, options),
      .distance_biases = ReadDistanceBiases(loader, config),
      .layers = {},
      .head = loader.ReadLinears({kHeadName}, hidden, 2, Precision::kFloat32)};
  parameters.layers.reserve(layers.size());
  for (std::optional<LayerParameters>& layer : layers) {
    parameters.layers.push_back(std::move(*layer));
  }
  return parameters;
}

}  // namespace bertqa
