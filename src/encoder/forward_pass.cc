#include "encoder/forward_pass.h"

#include <algorithm>

#include "kernels/layer_norm.h"
#include "kernels/widen.h"

namespace bertqa {
namespace {

/// Blocks that share the rows evenly between the threads, as long as they are not too large.
/// Multiples of 32 rows, which is what the kernels' tiles divide best.
std::size_t ChooseBlockRows(std::size_t rows, std::size_t threads, std::size_t max_rows) {
  constexpr std::size_t kTileRows = 32;
  const std::size_t rounds = (rows + threads * max_rows - 1) / (threads * max_rows);
  const std::size_t blocks = std::max<std::size_t>(1, rounds * threads);
  return std::clamp(RoundUp((rows + blocks - 1) / blocks, kTileRows), kTileRows, max_rows);
}

}  // namespace

ForwardPass::ForwardPass(const EncoderConfig& config, const ComputeOptions& options,
                         const EncoderParameters& parameters, const PackedBatch& batch,
                         Workspace& workspace)
    : config_(config),
      options_(options),
      parameters_(parameters),
      batch_(batch),
      workspace_(workspace),
      types_(ChooseActivationTypes(options, config.has_distance_bias())),
      block_rows_(
          ChooseBlockRows(batch.token_count(), workspace.team().size(), MaxBlockRows(options))),
      blocks_((batch.token_count() + block_rows_ - 1) / block_rows_),
      position_of_(PositionRows(config, batch)) {
  logits_.start.resize(batch.token_count());
  logits_.end.resize(batch.token_count());
  workspace_.Reserve(batch.token_count());
}

SpanLogits ForwardPass::Run() {
  TaskTeam& team = workspace_.team();
  team.ForEach(blocks_, [this](std::size_t block, std::size_t worker) {
    EmbedBlock(block, workspace_.scratch(worker));
  });
  const std::size_t attention_tasks = batch_.window_count() * config_.attention_heads;
  for (std::size_t layer = 0; layer < config_.layers; ++layer) {
    team.ForEach(attention_tasks, [this](std::size_t task, std::size_t worker) {
      AttendTask(task, workspace_.scratch(worker));
    });
    team.ForEach(blocks_, [this, layer](std::size_t block, std::size_t worker) {
      FinishLayerBlock(layer, Block(block), workspace_.scratch(worker));
    });
  }
  return std::move(logits_);
}

TokenRange ForwardPass::Block(std::size_t block) const {
  return {.begin = block * block_rows_,
          .end = std::min((block + 1) * block_rows_, batch_.token_count())};
}

void ForwardPass::EmbedBlock(std::size_t block, Scratch& scratch) {
  const TokenRange rows = Block(block);
  const EmbeddingParameters& embeddings = parameters_.embeddings;
  if (embeddings.projection) {
    const std::size_t width = config_.embedding_width();
    float* const embedded = scratch.embedded.data();
    Embed(embeddings, batch_, position_of_, rows, embedded);
    Multiply(scratch.operand.Assign(embedded, width, rows.size(), width), rows.size(),
             *embeddings.projection, Activation::kNone,
             {.floats = Hidden(rows), .stride = config_.hidden_size});
  } else {
    Embed(embeddings, batch_, position_of_, rows, Hidden(rows));
  }
  ProjectQueryKeyValue(/*layer=*/0, rows, scratch);
}

void ForwardPass::AttendTask(std::size_t task, Scratch& scratch) {
  const std::size_t window = task / config_.attention_heads;
  const std::size_t hidden = config_.hidden_size;
  const std::size_t begin = batch_.offsets[window];
  const std::size_t tokens = batch_.offsets[window + 1] - begin;
  const std::size_t head = task % config_.attention_heads;
  const std::size_t column = head * config_.head_size();
  const DistanceBias* const bias =
      parameters_.distance_biases.empty() ? nullptr : &parameters_.distance_biases[head];
  const auto attend = [&]<typename T>(const T* qkv, T* context, std::size_t context_stride) {
    const T* const query = qkv + begin * 3 * hidden + column;
    Attend(options_.isa,
           AttentionHead<T>{.query = query,
                            .key = query + hidden,
                            .value = query + 2 * hidden,
                            .stride = 3 * hidden,
                            .output = context + begin * context_stride + column,
                            .output_stride = context_stride,
                            .tokens = tokens,
                            .head_size = config_.head_size(),
                            .bias = bias},
           scratch.attention);
  };
  if (types_.bfloat16_attention) {
    attend(workspace_.qkv_bf16(), workspace_.context_bf16(), workspace_.context_stride());
  } else {
    attend(workspace_.qkv(), workspace_.context(), hidden);
  }
}

void ForwardPass::FinishLayerBlock(std::size_t layer, TokenRange rows, Scratch& scratch) {
  const LayerParameters& weights = parameters_.layer(layer);
  const std::size_t hidden = config_.hidden_size;
  float* const attended = scratch.attended.data();
  Multiply(ContextOperand(rows, scratch), rows.size(), weights.attention_output, Activation::kNone,
           {.floats = attended, .stride = hidden});
  Normalise(attended, Hidden(rows), rows.size(), weights.attention_norm);
  FeedForward(weights, rows, scratch);
  Normalise(Hidden(rows), attended, rows.size(), weights.output_norm);
  if (layer + 1 < config_.layers) {
    ProjectQueryKeyValue(layer + 1, rows, scratch);
  } else {
    ProjectLogits(rows, scratch);
  }
}

/// The attention's result in the form that the next product reads.
OperandView ForwardPass::ContextOperand(TokenRange rows, Scratch& scratch) {
  const std::size_t hidden = config_.hidden_size;
  if (!types_.bfloat16_attention) {
    return scratch.operand.Assign(workspace_.context() + rows.begin * hidden, hidden, rows.size(),
                                  hidden);
  }
  const std::size_t stride = workspace_.context_stride();
  const BFloat16* const context = workspace_.context_bf16() + rows.begin * stride;
  if (options_.precision == Precision::kBFloat16) {
    return {.data = reinterpret_cast<const std::byte*>(context),
            .stride_bytes = stride * sizeof(BFloat16)};
  }
  float* const floats = scratch.attended.data();  // free until the product writes there
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Widen(options_.isa, context + row * stride, hidden, floats + row * hidden);
  }
  return scratch.operand.Assign(floats, hidden, rows.size(), hidden);
}

/// Reads scratch.attended, writes the rows of hidden.
void ForwardPass::FeedForward(const LayerParameters& weights, TokenRange rows, Scratch& scratch) {
  const std::size_t hidden = config_.hidden_size;
  const std::size_t inner = config_.intermediate_size;
  const OperandView input =
      scratch.operand.Assign(scratch.attended.data(), hidden, rows.size(), hidden);
  const LinearOutput output{.floats = Hidden(rows), .stride = hidden};
  if (types_.bfloat16_inner) {
    std::size_t stride = 0;
    BFloat16* const halves = scratch.inner_operand.ReserveBFloat16(rows.size(), inner, stride);
    Multiply(input, rows.size(), weights.feed_forward_in, config_.activation,
             {.halves = halves, .stride = stride});
    Multiply({.data = reinterpret_cast<const std::byte*>(halves),
              .stride_bytes = stride * sizeof(BFloat16)},
             rows.size(), weights.feed_forward_out, Activation::kNone, output);
    return;
  }
  float* const values = scratch.inner.data();
  Multiply(input, rows.size(), weights.feed_forward_in, config_.activation,
           {.floats = values, .stride = inner});
  Multiply(scratch.operand.Assign(values, inner, rows.size(), inner), rows.size(),
           weights.feed_forward_out, Activation::kNone, output);
}

void ForwardPass::ProjectQueryKeyValue(std::size_t layer, TokenRange rows, Scratch& scratch) {
  const std::size_t hidden = config_.hidden_size;
  const std::size_t first = rows.begin * 3 * hidden;
  LinearOutput output{.stride = 3 * hidden};
  if (types_.bfloat16_attention) {
    output.halves = workspace_.qkv_bf16() + first;
  } else {
    output.floats = workspace_.qkv() + first;
  }
  Multiply(scratch.operand.Assign(Hidden(rows), hidden, rows.size(), hidden), rows.size(),
           parameters_.layer(layer).query_key_value, Activation::kNone, output);
}

void ForwardPass::ProjectLogits(TokenRange rows, Scratch& scratch) {
  const std::size_t hidden = config_.hidden_size;
  const OperandView input{.data = reinterpret_cast<const std::byte*>(Hidden(rows)),
                          .stride_bytes = hidden * sizeof(float)};
  const float* const logits = scratch.logits.data();
  Multiply(input, rows.size(), parameters_.head, Activation::kNone,
           {.floats = scratch.logits.data(), .stride = 2});
  for (std::size_t row = 0; row < rows.size(); ++row) {
    logits_.start[rows.begin + row] = logits[2 * row];
    logits_.end[rows.begin + row] = logits[2 * row + 1];
  }
}

void ForwardPass::Normalise(float* values, const float* residual, std::size_t rows,
                            const LayerNorm& norm) const {
  AddAndNormalise(options_.isa, values, residual, rows, config_.hidden_size, norm.weight.data(),
                  norm.bias.data(), norm.epsilon);
}

}  // namespace bertqa
