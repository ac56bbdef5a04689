#include "encoder/modernbert_tensors.h"

#include <algorithm>
#include <string>
#include <utility>

#include "encoder/tensor_loader.h"
#include "encoder/tensor_names.h"

namespace bertqa {
namespace {

constexpr const char* kHeadDense = "head.dense";
constexpr const char* kHeadNorm = "head.norm";

const FamilyTraits& Traits() {
  return TraitsOf(Family::kModernBert);
}

std::string Words() {
  return EmbeddingsPlace(Traits()) + "tok_embeddings.weight";
}

/// The norm that a layer's attention takes. REQUIRES: layer_index > 0.
std::string AttentionInputNorm(std::size_t layer_index) {
  return LayerPlace(Traits(), layer_index) + "attn_norm";
}

std::string FinalNorm() {
  return std::string(Traits().prefix) + "final_norm";
}

/// Collects names and shapes.
class TensorList {
 public:
  void Add(const std::string& name, Shape weight_shape, bool has_bias) {
    const std::size_t rows = weight_shape[0];
    tensors_.push_back({.name = name + ".weight", .shape = std::move(weight_shape)});
    if (has_bias) {
      tensors_.push_back({.name = name + ".bias", .shape = {rows}});
    }
  }

  void AddTable(const std::string& name, Shape shape) {
    tensors_.push_back({.name = name, .shape = std::move(shape)});
  }

  std::vector<ExpectedTensor> Take() { return std::move(tensors_); }

 private:
  std::vector<ExpectedTensor> tensors_;
};

}  // namespace

std::vector<ExpectedTensor> ModernBertTensors(const EncoderConfig& config) {
  const std::size_t hidden = config.hidden_size;
  const std::size_t inner = config.intermediate_size;
  const ModernBertConfig& own = config.modernbert;
  TensorList list;
  list.AddTable(Words(), {config.vocabulary_size, hidden});
  list.Add(EmbeddingsPlace(Traits()) + "norm", {hidden}, own.norm_bias);
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    const std::string place = LayerPlace(Traits(), layer);
    if (layer > 0) {
      list.Add(AttentionInputNorm(layer), {hidden}, own.norm_bias);
    }
    list.Add(place + "attn.Wqkv", {3 * hidden, hidden}, own.attention_bias);
    list.Add(place + "attn.Wo", {hidden, hidden}, own.attention_bias);
    list.Add(place + "mlp_norm", {hidden}, own.norm_bias);
    list.Add(place + "mlp.Wi", {2 * inner, hidden}, own.feed_forward_bias);
    list.Add(place + "mlp.Wo", {hidden, inner}, own.feed_forward_bias);
  }
  list.Add(FinalNorm(), {hidden}, own.norm_bias);
  list.Add(kHeadDense, {hidden, hidden}, own.head_bias);
  list.Add(kHeadNorm, {hidden}, own.norm_bias);
  list.Add(std::string(Traits().head), {2, hidden}, /*has_bias=*/true);
  return list.Take();
}

LayerParameters ReadModernBertLayer(const TensorLoader& loader, std::size_t layer_index) {
  const EncoderConfig& config = loader.config();
  const std::size_t hidden = config.hidden_size;
  const std::size_t inner = config.intermediate_size;
  const std::string place = LayerPlace(Traits(), layer_index);
  const bool is_last = layer_index + 1 == config.layers;
  LayerParameters layer{
      .query_key_value = loader.ReadLinear({place + "attn.Wqkv"}, hidden, 3 * hidden),
      .attention_output = loader.ReadLinear({place + "attn.Wo"}, hidden, hidden),
      .attention_norm = loader.ReadNorm(place + "mlp_norm", hidden),
      .feed_forwards = {}};
  layer.feed_forwards.push_back(
      {.in = loader.ReadLinear({place + "mlp.Wi"}, hidden, inner),
       .gate = loader.ReadLinear({place + "mlp.Wi", /*first_row=*/inner}, hidden, inner),
       .out = loader.ReadLinear({place + "mlp.Wo"}, inner, hidden),
       .norm =
           loader.ReadNorm(is_last ? FinalNorm() : AttentionInputNorm(layer_index + 1), hidden)});
  return layer;
}

EmbeddingParameters ReadModernBertEmbeddings(const TensorLoader& loader) {
  const std::size_t hidden = loader.config().hidden_size;
  EmbeddingParameters embeddings{
      .isa = loader.options().isa,
      .words = loader.checkpoint().Read(Words()),
      .words_dtype = loader.checkpoint().dtype(Words()),
      .word_width = hidden,
      .position_width = hidden,
      .positions = AlignedBuffer<float>(hidden),
      .reads_positions = false,
      .segments = AlignedBuffer<float>(hidden),
      .reads_segments = false,
      .norm = loader.ReadNorm(EmbeddingsPlace(Traits()) + "norm", hidden)};
  std::fill_n(embeddings.positions.data(), hidden, 0.0F);
  std::fill_n(embeddings.segments.data(), hidden, 0.0F);
  return embeddings;
}

HeadTransform ReadModernBertHead(const TensorLoader& loader) {
  const std::size_t hidden = loader.config().hidden_size;
  return {.dense = loader.ReadLinear({kHeadDense}, hidden, hidden),
          .norm = loader.ReadNorm(kHeadNorm, hidden)};
}

}  // namespace bertqa
