#include "torchscript/torchscript_source.h"

#include <cmath>
#include <cstdio>
#include <string_view>

namespace bertqa {
namespace {

// The mask is in the weights' own type, so that the graph works in float and in half precision, and
// its value fits all of them: exp(-30000) is 0 in each.
constexpr const char* kInputs = R"(
def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tuple[Tensor, Tensor]:
    embeddings = self.bert.embeddings
    words = embeddings.word_embeddings.weight
    tokens = input_ids.size(1)
    positions = embeddings.position_embeddings.weight[0:tokens]
    segments = torch.embedding(embeddings.token_type_embeddings.weight, token_type_ids)
    hidden = torch.embedding(words, input_ids) + segments + positions
    hidden = torch.layer_norm(hidden, [HIDDEN], embeddings.LayerNorm.weight, embeddings.LayerNorm.bias, EPSILON)
    padding = torch.eq(attention_mask, 0).unsqueeze(1).unsqueeze(1)
    mask = torch.masked_fill(torch.zeros_like(padding, dtype=words.dtype), padding, -30000.0)
    shape = [input_ids.size(0), tokens, HEADS, HEAD_SIZE]
)";

constexpr const char* kLayer = R"(
    layer = getattr(self.bert.encoder.layer, "LAYER")
    attention = getattr(layer.attention, "self")
    query = torch.linear(hidden, attention.query.weight, attention.query.bias).view(shape).transpose(1, 2)
    key = torch.linear(hidden, attention.key.weight, attention.key.bias).view(shape).transpose(1, 2)
    value = torch.linear(hidden, attention.value.weight, attention.value.bias).view(shape).transpose(1, 2)
    weights = torch.softmax(torch.matmul(query, key.transpose(2, 3)) * SCALE + mask, -1)
    context = torch.matmul(weights, value).transpose(1, 2).reshape([input_ids.size(0), tokens, HIDDEN])
    output = layer.attention.output
    attended = torch.linear(context, output.dense.weight, output.dense.bias) + hidden
    attended = torch.layer_norm(attended, [HIDDEN], output.LayerNorm.weight, output.LayerNorm.bias, EPSILON)
    inner = ACTIVATION(torch.linear(attended, layer.intermediate.dense.weight, layer.intermediate.dense.bias)ARGUMENTS)
    hidden = torch.linear(inner, layer.output.dense.weight, layer.output.dense.bias) + attended
    hidden = torch.layer_norm(hidden, [HIDDEN], layer.output.LayerNorm.weight, layer.output.LayerNorm.bias, EPSILON)
)";

constexpr const char* kOutputs = R"(
    logits = torch.linear(hidden, self.qa_outputs.weight, self.qa_outputs.bias)
    return (torch.select(logits, 2, 0).contiguous(), torch.select(logits, 2, 1).contiguous())
)";

void ReplaceAll(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string FloatLiteral(double value) {
  char text[32] = {};
  std::snprintf(text, sizeof text, "%.17e", value);
  return text;
}

}  // namespace

std::string TorchScriptForward(const EncoderConfig& config) {
  std::string source = kInputs;
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    std::string part = kLayer;
    ReplaceAll(part, "LAYER", std::to_string(layer));
    source += part;
  }
  source += kOutputs;
  const auto head_size = static_cast<double>(config.head_size());
  ReplaceAll(source, "HIDDEN", std::to_string(config.hidden_size));
  ReplaceAll(source, "HEADS", std::to_string(config.attention_heads));
  ReplaceAll(source, "HEAD_SIZE", std::to_string(config.head_size()));
  ReplaceAll(source, "EPSILON", FloatLiteral(config.layer_norm_epsilon));
  ReplaceAll(source, "SCALE", FloatLiteral(1 / std::sqrt(head_size)));
  ReplaceAll(source, "ACTIVATION",
             config.activation == Activation::kRelu ? "torch.relu" : "torch.gelu");
  ReplaceAll(source, "ARGUMENTS",
             config.activation == Activation::kGeluNew ? ", approximate=\"tanh\"" : "");
  return source;
}

}  // namespace bertqa
