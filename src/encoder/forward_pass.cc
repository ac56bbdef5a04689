#include "encoder/forward_pass.h"

#include <algorithm>

#include "encoder/convolution.h"
#include "encoder/relative_positions.h"
#include "encoder/trigrams.h"
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

std::size_t LongestWindow(const PackedBatch& batch) {
  std::size_t longest = 0;
  for (std::size_t window = 0; window < batch.window_count(); ++window) {
    longest = std::max(longest, batch.offsets[window + 1] - batch.offsets[window]);
  }
  return longest;
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
      types_(ChooseActivationTypes(options, config.adds_to_scores())),
      block_rows_(
          ChooseBlockRows(batch.token_count(), workspace.team().size(), MaxBlockRows(options))),
      blocks_((batch.token_count() + block_rows_ - 1) / block_rows_),
      is_pre_norm_(TraitsOf(config.family).is_pre_norm),
      position_of_(PositionRows(config, batch)) {
  logits_.start.resize(batch.token_count());
  logits_.end.resize(batch.token_count());
  workspace_.Reserve(batch.token_count());
  const RelativePositions* const positions = parameters.relative_positions.get();
  const std::size_t longest = LongestWindow(batch);
  workspace_.ReserveWindows(longest, positions == nullptr ? 0 : positions->max_table_rows());
  workspace_.ReserveRotary(longest);
}

SpanLogits ForwardPass::Run() {
  TaskTeam& team = workspace_.team();
  team.ForEach(blocks_, [this](std::size_t block, std::size_t worker) {
    EmbedBlock(block, workspace_.scratch(worker));
  });
  if (parameters_.convolution) {
    team.ForEach(blocks_, [this](std::size_t block, std::size_t worker) {
      ConvolveBlock(Block(block), workspace_.scratch(worker));
    });
  }
  const std::size_t attention_tasks = batch_.window_count() * config_.attention_heads;
  for (std::size_t layer = 0; layer < config_.layers; ++layer) {
    team.ForEach(attention_tasks, [this, layer](std::size_t task, std::size_t worker) {
      AttendTask(layer, task, workspace_.scratch(worker));
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
  float* const embedded = embeddings.projection ? scratch.embedded.data() : Hidden(rows);
  if (config_.mobilebert.trigrams) {
    WidenTrigrams(embeddings, batch_, rows, embedded);
  } else {
    WidenWords(embeddings, batch_, rows, embedded);
  }
  if (!config_.projects_words()) {
    AddPositions(embeddings, batch_, position_of_, rows, embedded);
  }
  if (embeddings.projection) {
    const std::size_t width = config_.projection_inputs();
    Multiply(scratch.operand.Assign(embedded, width, rows.size(), width), rows.size(),
             *embeddings.projection, Activation::kNone,
             {.floats = Hidden(rows), .stride = config_.hidden_size});
  }
  if (embeddings.normalises_projected) {
    Normalise(options_.isa, embeddings.norm, Hidden(rows), /*residual=*/nullptr, rows.size());
  }
  if (config_.projects_words()) {
    AddPositions(embeddings, batch_, position_of_, rows, Hidden(rows));
  }
  ProjectQueryKeyValue(/*layer=*/0, Hidden(rows), rows, scratch);
}

/// Reads the rows of hidden, also of neighbouring blocks; what it writes joins the first layer's
/// result.
void ForwardPass::ConvolveBlock(TokenRange rows, Scratch& scratch) {
  const Convolution& convolution = *parameters_.convolution;
  const std::size_t hidden = config_.hidden_size;
  const std::size_t channels = convolution.channels();
  const std::size_t inputs = convolution.width * channels;
  float* const neighbours = scratch.neighbours.data();
  for (std::size_t group = 0; group < convolution.groups.size(); ++group) {
    const TokenRange range{.begin = group * channels, .end = (group + 1) * channels};
    GatherNeighbours(batch_, workspace_.hidden(), rows,
                     {.width = convolution.width, .hidden_size = hidden, .channels = range},
                     neighbours);
    Multiply(
        scratch.operand.Assign(neighbours, inputs, rows.size(), inputs), rows.size(),
        convolution.groups[group], config_.deberta.convolution_activation,
        {.floats = workspace_.convolved() + rows.begin * hidden + range.begin, .stride = hidden});
  }
}

void ForwardPass::AttendTask(std::size_t layer, std::size_t task, Scratch& scratch) {
  const std::size_t window = task / config_.attention_heads;
  const std::size_t width = config_.layer_width();
  const std::size_t begin = batch_.offsets[window];
  const std::size_t tokens = batch_.offsets[window + 1] - begin;
  const std::size_t head = task % config_.attention_heads;
  const std::size_t column = head * config_.head_size();
  const DistanceBias* const bias =
      parameters_.distance_biases.empty() ? nullptr : &parameters_.distance_biases[head];
  PositionTerms positions;
  if (parameters_.relative_positions) {
    positions = parameters_.relative_positions->Terms(layer, column);
  }
  const auto attend = [&]<typename T>(const T* qkv, T* context, std::size_t context_stride) {
    const T* const query = qkv + begin * 3 * width + column;
    Attend(options_.isa,
           AttentionHead<T>{.query = query,
                            .key = query + width,
                            .value = query + 2 * width,
                            .stride = 3 * width,
                            .output = context + begin * context_stride + column,
                            .output_stride = context_stride,
                            .tokens = tokens,
                            .head_size = config_.head_size(),
                            .bias = bias,
                            .reach = config_.reach(layer),
                            .positions = parameters_.relative_positions ? &positions : nullptr,
                            .score_terms = config_.deberta.score_terms},
           scratch.attention);
  };
  if (types_.bfloat16_attention) {
    attend(workspace_.qkv_bf16(), workspace_.context_bf16(), workspace_.context_stride());
  } else {
    attend(workspace_.qkv(), workspace_.context(), width);
  }
}

void ForwardPass::FinishLayerBlock(std::size_t layer, TokenRange rows, Scratch& scratch) {
  const LayerParameters& weights = parameters_.layer(layer);
  float* const attended = scratch.attended.data();
  Multiply(ContextOperand(rows, scratch), rows.size(), weights.attention_output, Activation::kNone,
           {.floats = attended, .stride = config_.layer_width()});
  if (is_pre_norm_) {
    const FeedForwardParameters& network = weights.feed_forwards.front();
    AddToHidden(attended, rows, weights.attention_norm);
    FeedForward(network, rows, scratch, attended);
    AddToHidden(attended, rows, network.norm);
  } else {
    FinishPostNorm(weights, rows, scratch);
  }
  if (layer == 0 && parameters_.convolution) {
    Normalise(options_.isa, parameters_.convolution->norm, Hidden(rows),
              workspace_.convolved() + rows.begin * config_.hidden_size, rows.size());
  }
  const float* const normalised = is_pre_norm_ ? attended : Hidden(rows);
  if (layer + 1 < config_.layers) {
    ProjectQueryKeyValue(layer + 1, normalised, rows, scratch);
  } else {
    ProjectLogits(normalised, rows, scratch);
  }
}

/// Behind attention's product, which is in scratch.attended.
void ForwardPass::FinishPostNorm(const LayerParameters& weights, TokenRange rows,
                                 Scratch& scratch) {
  float* const attended = scratch.attended.data();
  float* const output = LayerInput(rows);  // the hidden state itself where nothing is narrowed
  Normalise(options_.isa, weights.attention_norm, attended, output, rows.size());
  for (const FeedForwardParameters& network : weights.feed_forwards) {
    FeedForward(network, rows, scratch, output);
    const bool is_last = &network == &weights.feed_forwards.back();
    Normalise(options_.isa, network.norm, is_last ? output : attended, is_last ? attended : output,
              rows.size());
  }
  if (weights.bottlenecks) {
    LeaveBottleneck(weights.bottlenecks->output, rows, scratch);
  }
}

/// The attention's result in the form that the next product reads.
OperandView ForwardPass::ContextOperand(TokenRange rows, Scratch& scratch) {
  const std::size_t width = config_.layer_width();
  if (!types_.bfloat16_attention) {
    return scratch.operand.Assign(workspace_.context() + rows.begin * width, width, rows.size(),
                                  width);
  }
  const std::size_t stride = workspace_.context_stride();
  const BFloat16* const context = workspace_.context_bf16() + rows.begin * stride;
  if (options_.precision == Precision::kBFloat16) {
    return {.data = reinterpret_cast<const std::byte*>(context),
            .stride_bytes = stride * sizeof(BFloat16)};
  }
  float* const floats = scratch.attended.data();  // free until the product writes there
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Widen(options_.isa, context + row * stride, width, floats + row * width);
  }
  return scratch.operand.Assign(floats, width, rows.size(), width);
}

/// Reads scratch.attended, writes `output`, which may be the same.
void ForwardPass::FeedForward(const FeedForwardParameters& weights, TokenRange rows,
                              Scratch& scratch, float* output) {
  const std::size_t width = config_.layer_width();
  const std::size_t inner = config_.intermediate_size;
  const OperandView input =
      scratch.operand.Assign(scratch.attended.data(), width, rows.size(), width);
  const auto widen = [&](const LinearOutput& inner_output) {
    Multiply(input, rows.size(), weights.in, config_.activation, inner_output);
    if (weights.gate) {
      Multiply(input, rows.size(), *weights.gate, Activation::kGate, inner_output);
    }
  };
  OperandView inner_operand;
  if (types_.bfloat16_inner) {
    std::size_t stride = 0;
    BFloat16* const halves = scratch.inner_operand.ReserveBFloat16(rows.size(), inner, stride);
    widen({.halves = halves, .stride = stride});
    inner_operand = {.data = reinterpret_cast<const std::byte*>(halves),
                     .stride_bytes = stride * sizeof(BFloat16)};
  } else {
    widen({.floats = scratch.inner.data(), .stride = inner});
    inner_operand = scratch.operand.Assign(scratch.inner.data(), inner, rows.size(), inner);
  }
  Multiply(inner_operand, rows.size(), weights.out, Activation::kNone,
           {.floats = output, .stride = width});
}

void ForwardPass::ProjectLogits(const float* input, TokenRange rows, Scratch& scratch) {
  const std::size_t hidden = config_.hidden_size;
  if (parameters_.head_transform) {
    const HeadTransform& transform = *parameters_.head_transform;
    float* const transformed = Hidden(rows);  // nothing needs the sums any more
    Multiply(scratch.operand.Assign(input, hidden, rows.size(), hidden), rows.size(),
             transform.dense, config_.modernbert.head_activation,
             {.floats = transformed, .stride = hidden});
    Normalise(options_.isa, transform.norm, transformed, /*residual=*/nullptr, rows.size());
    input = transformed;
  }
  const float* const logits = scratch.logits.data();
  Multiply(
      {.data = reinterpret_cast<const std::byte*>(input), .stride_bytes = hidden * sizeof(float)},
      rows.size(), parameters_.head, Activation::kNone,
      {.floats = scratch.logits.data(), .stride = 2});
  for (std::size_t row = 0; row < rows.size(); ++row) {
    logits_.start[rows.begin + row] = logits[2 * row];
    logits_.end[rows.begin + row] = logits[2 * row + 1];
  }
}

/// hidden += values; values = LayerNorm(hidden), `values` [rows, H].
void ForwardPass::AddToHidden(float* values, TokenRange rows, const LayerNorm& norm) {
  AddToAndNormalise(options_.isa, values, Hidden(rows), rows.size(), config_.hidden_size,
                    norm.weight.data(), norm.bias.data(), norm.epsilon);
}

}  // namespace bertqa
