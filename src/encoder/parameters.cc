#include "encoder/parameters.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <string>

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

  /// Writes the [out, in] matrix and [out] bias of `name` into columns of `linear` from
  /// `first_column` on.
  void Fill(const Linear& linear, std::size_t first_column, const std::string& name,
            const Shape& shape) const {
    const auto first = static_cast<std::int64_t>(first_column);
    const auto count = static_cast<std::int64_t>(shape[0]);
    // Widened first: ATen transposes in blocks only where the types are equal.
    linear.weight.narrow(1, first, count).copy_(Float(name + ".weight", shape).t());
    linear.bias.narrow(0, first, count).copy_(Stored(name + ".bias", {shape[0]}));
  }

  Linear ReadLinear(const std::string& name, std::size_t out, std::size_t in) const {
    Linear linear{.weight = at::empty(
                      {static_cast<std::int64_t>(in), static_cast<std::int64_t>(out)}, at::kFloat),
                  .bias = at::empty({static_cast<std::int64_t>(out)}, at::kFloat)};
    Fill(linear, 0, name, {out, in});
    return linear;
  }

  LayerNorm ReadNorm(const std::string& name) const {
    const BertConfig& config = checkpoint_.config();
    return {.weight = Float(name + ".weight", {config.hidden_size}),
            .bias = Float(name + ".bias", {config.hidden_size}),
            .epsilon = config.layer_norm_epsilon};
  }

  Linear ReadQueryKeyValue(const std::string& prefix) const {
    const std::size_t hidden = checkpoint_.config().hidden_size;
    const auto columns = static_cast<std::int64_t>(QkvColumns(hidden));
    const auto rows = static_cast<std::int64_t>(hidden);
    Linear linear{.weight = at::empty({rows, columns}, at::kFloat),
                  .bias = at::zeros({columns}, at::kFloat)};
    std::size_t column = 0;
    for (const char* part : {"query", "key", "value"}) {
      Fill(linear, column, prefix + part, {hidden, hidden});
      column += hidden;
    }
    const auto used = static_cast<std::int64_t>(column);
    linear.weight.narrow(1, used, columns - used).zero_();
    return linear;
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
