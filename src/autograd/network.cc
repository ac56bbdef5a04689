#include "autograd/network.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>

#include "autograd/packed_attention.h"

namespace bertqa {
namespace {

/// Places of the network that drop something: three a layer, and the embeddings.
enum class Site : std::uint64_t { kAttention, kAttentionOutput, kOutput, kCount };

DropoutMask MaskOf(const DropoutMask& mask, std::size_t layer, Site site) {
  return mask.At(1 + layer * static_cast<std::uint64_t>(Site::kCount) +
                 static_cast<std::uint64_t>(site));
}

/// libtorch's product, in the type of the input.
at::Tensor PlainProduct(const at::Tensor& input, const LinearLeaves& linear) {
  return at::linear(input, linear.weight.to(input.scalar_type()),
                    linear.bias.to(input.scalar_type()));
}

at::Tensor Activate(Activation activation, const at::Tensor& values) {
  switch (activation) {
    case Activation::kGeluNew:
      return at::gelu(values, "tanh");
    case Activation::kRelu:
      return at::relu(values);
    default:
      return at::gelu(values, "none");
  }
}

at::Tensor Normalise(const LinearLeaves& norm, const EncoderConfig& config,
                     const at::Tensor& input) {
  // The CPU's operator takes bfloat16 beside parameters in fp32, others do not.
  const at::Tensor values = input.is_cpu() ? input : input.to(at::kFloat);
  return at::layer_norm(values, {static_cast<std::int64_t>(config.hidden_size)}, norm.weight,
                        norm.bias, config.layer_norm_epsilon)
      .to(input.scalar_type());
}

}  // namespace

void NetworkLeaves::ForEach(const std::function<void(at::Tensor& leaf)>& visit) {
  const auto visit_pair = [&](LinearLeaves& pair) {
    visit(pair.weight);
    visit(pair.bias);
  };
  visit_pair(embedding_norm);
  for (LayerLeaves& layer : layers) {
    for (LinearLeaves* pair : {&layer.qkv, &layer.attention_output, &layer.attention_norm,
                               &layer.inner, &layer.output, &layer.output_norm}) {
      visit_pair(*pair);
    }
  }
  visit_pair(head);
}

NetworkPanels::NetworkPanels(const EncoderConfig& config, Precision precision)
    : head_(Precision::kFloat32, config.hidden_size, 2) {
  const std::size_t hidden = config.hidden_size;
  const std::size_t inner = config.intermediate_size;
  for (std::size_t index = 0; index < config.layers; ++index) {
    layers_.push_back({{precision, hidden, 3 * hidden},
                       {precision, hidden, hidden},
                       {precision, hidden, inner},
                       {precision, inner, hidden}});
  }
}

void NetworkPanels::Pack(const NetworkLeaves& leaves, TaskTeam& team) {
  team.ForEach(layers_.size(), [&](std::size_t index, std::size_t) {
    const LayerLeaves& layer = leaves.layers[index];
    layers_[index].qkv.Pack(layer.qkv);
    layers_[index].attention_output.Pack(layer.attention_output);
    layers_[index].inner.Pack(layer.inner);
    layers_[index].output.Pack(layer.output);
  });
  head_.Pack(leaves.head);
}

at::Tensor ForwardNetwork(const NetworkRun& run, const at::Tensor& embeddings,
                          const std::vector<std::size_t>& offsets) {
  const auto& [leaves, config, type, panels, attention, layer_scratch, head_scratch, mask] = run;
  const auto product = [&](std::size_t index, const at::Tensor& input, auto leaf, auto panel) {
    const LinearLeaves& linear = leaves.layers[index].*leaf;
    return panels == nullptr
               ? PlainProduct(input, linear)
               : PackedProduct(input, linear, panels->layer(index).*panel, *layer_scratch);
  };
  at::Tensor hidden =
      Dropout(Normalise(leaves.embedding_norm, config, embeddings), mask.At(0)).to(type);
  for (std::size_t index = 0; index < leaves.layers.size(); ++index) {
    const LayerLeaves& layer = leaves.layers[index];
    const at::Tensor context =
        PackedAttention(product(index, hidden, &LayerLeaves::qkv, &LayerPanels::qkv), offsets,
                        config.attention_heads, MaskOf(mask, index, Site::kAttention), attention);
    const at::Tensor attended = Dropout(
        product(index, context, &LayerLeaves::attention_output, &LayerPanels::attention_output),
        MaskOf(mask, index, Site::kAttentionOutput));
    hidden = Normalise(layer.attention_norm, config, hidden.add(attended));
    const at::Tensor inner = Activate(
        config.activation, product(index, hidden, &LayerLeaves::inner, &LayerPanels::inner));
    const at::Tensor fed =
        Dropout(product(index, inner, &LayerLeaves::output, &LayerPanels::output),
                MaskOf(mask, index, Site::kOutput));
    hidden = Normalise(layer.output_norm, config, hidden.add(fed));
  }
  hidden = hidden.to(at::kFloat);
  return panels == nullptr ? PlainProduct(hidden, leaves.head)
                           : PackedProduct(hidden, leaves.head, panels->head(), *head_scratch);
}

}  // namespace bertqa
