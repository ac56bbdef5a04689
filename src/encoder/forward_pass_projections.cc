// What of a forward pass leads into attention, and MobileBERT's ways into a layer and out of it.

#include "encoder/forward_pass.h"
#include "kernels/rotary.h"

namespace bertqa {

void ForwardPass::ProjectQueryKeyValue(std::size_t layer, const float* input, TokenRange rows,
                                       Scratch& scratch) {
  const std::size_t hidden = config_.hidden_size;
  const LayerParameters& weights = parameters_.layer(layer);
  OperandView operand = scratch.operand.Assign(input, hidden, rows.size(), hidden);
  if (weights.bottlenecks) {
    operand = EnterBottlenecks(*weights.bottlenecks, operand, rows, scratch);
  }
  const LinearOutput output = QueryKeyValueOutput(rows, /*first_column=*/0);
  Multiply(operand, rows.size(), weights.query_key_value, Activation::kNone, output);
  if (types_.bfloat16_attention) {
    RotateQueriesAndKeys(layer, rows, output.halves);
  } else {
    RotateQueriesAndKeys(layer, rows, output.floats);
  }
}

/// `qkv` [rows, 3 · H]: where the family has rotary positions.
template <typename T>
void ForwardPass::RotateQueriesAndKeys(std::size_t layer, TokenRange rows, T* qkv) const {
  if (!config_.has_rotary_positions()) {
    return;
  }
  const RotaryTable& table =
      config_.is_local(layer) ? workspace_.local_rotary() : workspace_.global_rotary();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Rotate(options_.isa, qkv + row * 3 * config_.hidden_size, 2 * config_.attention_heads,
           config_.head_size(), table.At(position_of_[rows.begin + row]));
  }
}

LinearOutput ForwardPass::QueryKeyValueOutput(TokenRange rows, std::size_t first_column) {
  const std::size_t stride = 3 * config_.layer_width();
  const std::size_t first = rows.begin * stride + first_column;
  if (types_.bfloat16_attention) {
    return {.halves = workspace_.qkv_bf16() + first, .stride = stride};
  }
  return {.floats = workspace_.qkv() + first, .stride = stride};
}

/// Writes the layer's input and, where they are not made of what queries are made of, the values.
/// Returns what the layer's query_key_value reads.
OperandView ForwardPass::EnterBottlenecks(const BottleneckParameters& weights,
                                          const OperandView& hidden, TokenRange rows,
                                          Scratch& scratch) {
  const std::size_t width = config_.layer_width();
  const auto narrow = [&](const Bottleneck& bottleneck, float* output) {
    Multiply(hidden, rows.size(), bottleneck.dense, Activation::kNone,
             {.floats = output, .stride = width});
    Normalise(options_.isa, bottleneck.norm, output, /*residual=*/nullptr, rows.size());
  };
  narrow(weights.input, LayerInput(rows));
  switch (config_.mobilebert.attention_input) {
    case AttentionInput::kHidden:
      return hidden;
    case AttentionInput::kBottleneck:
      return scratch.operand.Assign(LayerInput(rows), width, rows.size(), width);
    case AttentionInput::kSharedBottleneck:
      break;
  }
  Multiply(hidden, rows.size(), *weights.value, Activation::kNone,
           QueryKeyValueOutput(rows, /*first_column=*/2 * width));
  float* const shared = scratch.attended.data();  // free until attention has been computed
  narrow(*weights.query_key, shared);
  return scratch.operand.Assign(shared, width, rows.size(), width);
}

/// Makes the hidden state of the layer's narrow result, which is where the layer's input was.
void ForwardPass::LeaveBottleneck(const Bottleneck& output, TokenRange rows, Scratch& scratch) {
  const std::size_t width = config_.layer_width();
  float* const widened = scratch.widened.data();
  Multiply(scratch.operand.Assign(LayerInput(rows), width, rows.size(), width), rows.size(),
           output.dense, Activation::kNone, {.floats = widened, .stride = config_.hidden_size});
  Normalise(options_.isa, output.norm, Hidden(rows), widened, rows.size());
}

}  // namespace bertqa
