#include "encoder/parameters.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <string>
#include <utility>

#include "encoder/scalar_type.h"

namespace bertqa {
namespace {

/// Makes float tensors of a checkpoint's.
class Loader {
 public:
  explicit Loader(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

  /// The tensor as stored, without a copy: it keeps the file's mapping or record alive.
  at::Tensor Stored(const std::string& name, const Shape& shape) const {
    const TensorBytes data = checkpoint_.Read(name);
    const std::vector<std::int64_t> sizes(shape.begin(), shape.end());
    return at::from_blob(
        const_cast<std::byte*>(data.bytes.data()), sizes,  // never written to
        [owner = data.owner](void* /*data*/) {}, ScalarTypeOf(checkpoint_.dtype(name)));
  }

  at::Tensor Float(const std::string& name, const Shape& shape) const {
    const at::Tensor stored = Stored(name, shape);
    at::Tensor copy = at::empty(stored.sizes(), at::kFloat);
    copy.copy_(stored);
    return copy;
  }

  /// The [out, in] matrices of `names` one below the other, transposed, with their biases; zeros
  /// fill up to `columns` = names.size() · out or more.
  Linear ReadLinears(const std::vector<std::string>& names, std::size_t out, std::size_t in,
                     std::size_t columns) const {
    const auto rows = static_cast<std::int64_t>(out);
    const auto total = static_cast<std::int64_t>(columns);
    // Widened first, transposed then: ATen transposes in blocks only between equal types.
    const at::Tensor stacked = at::empty({total, static_cast<std::int64_t>(in)}, at::kFloat);
    at::Tensor bias = at::empty({total}, at::kFloat);
    std::int64_t row = 0;
    for (const std::string& name : names) {
      stacked.narrow(0, row, rows).copy_(Stored(name + ".weight", {out, in}));
      bias.narrow(0, row, rows).copy_(Stored(name + ".bias", {out}));
      row += rows;
    }
    stacked.narrow(0, row, total - row).zero_();
    bias.narrow(0, row, total - row).zero_();
    return {.weight = stacked.t().contiguous(), .bias = std::move(bias)};
  }

  Linear ReadLinear(const std::string& name, std::size_t out, std::size_t in) const {
    return ReadLinears({name}, out, in, out);
  }

  LayerNorm ReadNorm(const std::string& name) const {
    const BertConfig& config = checkpoint_.config();
    return {.weight = Float(name + ".weight", {config.hidden_size}),
            .bias = Float(name + ".bias", {config.hidden_size}),
            .epsilon = config.layer_norm_epsilon};
  }

  Linear ReadQueryKeyValue(const std::string& prefix) const {
    const std::size_t hidden = checkpoint_.config().hidden_size;
    return ReadLinears({prefix + "query", prefix + "key", prefix + "value"}, hidden, hidden,
                       QkvColumns(hidden));
  }

 private:
  const Checkpoint& checkpoint_;  // outlives the loader, which lives for one LoadParameters
};

LayerParameters ReadLayer(const Loader& loader, const BertConfig& config, std::size_t layer) {
  const std::size_t hidden = config.hidden_size;
  const std::size_t inner = config.intermediate_size;
  const std::string prefix = "bert.encoder.layer." + std::to_string(layer);
  return {
      .query_key_value = loader.ReadQueryKeyValue(prefix + ".attention.self."),
      .attention_output = loader.ReadLinear(prefix + ".attention.output.dense", hidden, hidden),
      .attention_norm = loader.ReadNorm(prefix + ".attention.output.LayerNorm"),
      .feed_forward_in = loader.ReadLinear(prefix + ".intermediate.dense", inner, hidden),
      .feed_forward_out = loader.ReadLinear(prefix + ".output.dense", hidden, inner),
      .output_norm = loader.ReadNorm(prefix + ".output.LayerNorm"),
  };
}

}  // namespace

std::size_t QkvColumns(std::size_t hidden_size) {
  constexpr std::size_t kFloatsInCacheLine = 16;
  return (3 * hidden_size + kFloatsInCacheLine - 1) / kFloatsInCacheLine * kFloatsInCacheLine;
}

BertParameters LoadParameters(const Checkpoint& checkpoint) {
  const BertConfig& config = checkpoint.config();
  const std::size_t hidden = config.hidden_size;
  const Loader loader(checkpoint);
  const std::string prefix = "bert.embeddings.";
  BertParameters parameters{
      .embeddings = {.words = loader.Stored(prefix + "word_embeddings.weight",
                                            {config.vocabulary_size, hidden}),
                     .positions = loader.Float(prefix + "position_embeddings.weight",
                                               {config.max_positions, hidden}),
                     .segments = loader.Float(prefix + "token_type_embeddings.weight",
                                              {config.segment_types, hidden}),
                     .norm = loader.ReadNorm(prefix + "LayerNorm")},
      .layers = {},
      .head = loader.ReadLinear("qa_outputs", 2, hidden)};
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    parameters.layers.push_back(ReadLayer(loader, config, layer));
  }
  return parameters;
}

}  // namespace bertqa
