#include "encoder/parameters.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "encoder/embeddings.h"
#include "encoder/task_team.h"

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

  LayerNorm ReadNorm(const std::string& name) const {
    const BertConfig& config = checkpoint_.config();
    return {.weight = Float(name + ".weight", config.hidden_size),
            .bias = Float(name + ".bias", config.hidden_size),
            .epsilon = static_cast<float>(config.layer_norm_epsilon)};
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

LayerParameters ReadLayer(const Loader& loader, const BertConfig& config, Precision precision,
                          std::size_t layer) {
  const std::size_t hidden = config.hidden_size;
  const std::size_t inner = config.intermediate_size;
  const std::string prefix = "bert.encoder.layer." + std::to_string(layer);
  const std::string self = prefix + ".attention.self.";
  return {
      .query_key_value = loader.ReadLinears({self + "query", self + "key", self + "value"}, hidden,
                                            hidden, precision),
      .attention_output = loader.ReadLinear(prefix + ".attention.output.dense", hidden, hidden),
      .attention_norm = loader.ReadNorm(prefix + ".attention.output.LayerNorm"),
      .feed_forward_in = loader.ReadLinear(prefix + ".intermediate.dense", hidden, inner),
      .feed_forward_out = loader.ReadLinear(prefix + ".output.dense", inner, hidden),
      .output_norm = loader.ReadNorm(prefix + ".output.LayerNorm"),
  };
}

}  // namespace

BertParameters LoadParameters(const Checkpoint& checkpoint, const ComputeOptions& options,
                              std::size_t threads) {
  const BertConfig& config = checkpoint.config();
  const std::size_t hidden = config.hidden_size;
  const Loader loader(checkpoint, options);
  std::vector<std::optional<LayerParameters>> layers(config.layers);
  TaskTeam(std::min(threads, config.layers))
      .ForEach(config.layers, [&](std::size_t layer, std::size_t /*worker*/) {
        layers[layer].emplace(ReadLayer(loader, config, options.precision, layer));
      });
  const std::string prefix = "bert.embeddings.";
  const std::string words = prefix + "word_embeddings.weight";
  BertParameters parameters{
      .embeddings = {.isa = options.isa,
                     .words = checkpoint.Read(words),
                     .words_dtype = checkpoint.dtype(words),
                     .positions = loader.Float(prefix + "position_embeddings.weight",
                                               config.max_positions * hidden),
                     .segments = loader.Float(prefix + "token_type_embeddings.weight",
                                              config.segment_types * hidden),
                     .norm = loader.ReadNorm(prefix + "LayerNorm")},
      .layers = {},
      .head = loader.ReadLinears({"qa_outputs"}, hidden, 2, Precision::kFloat32)};
  parameters.layers.reserve(layers.size());
  for (std::optional<LayerParameters>& layer : layers) {
    parameters.layers.push_back(std::move(*layer));
  }
  return parameters;
}

}  // namespace bertqa
