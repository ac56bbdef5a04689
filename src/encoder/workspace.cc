#include "encoder/workspace.h"

#include <algorithm>

namespace bertqa {
namespace {

constexpr std::size_t kHalvesInCacheLine = kCacheLineBytes / sizeof(BFloat16);

/// How many numbers of a token and its neighbours a group of the convolution reads; 0: there is
/// none.
std::size_t NeighbourInputs(const EncoderConfig& config) {
  return config.deberta.convolution_width * config.hidden_size / config.deberta.convolution_groups;
}

}  // namespace

Scratch::Scratch(const EncoderConfig& config, const ComputeOptions& options)
    : Scratch(config, options, MaxBlockRows(options),
              ChooseActivationTypes(options, config.adds_to_scores())) {}

Scratch::Scratch(const EncoderConfig& config, const ComputeOptions& options, std::size_t rows,
                 ActivationTypes types)
    : embedded(config.computes_projection() ? rows * config.projection_inputs() : 0),
      attended(rows * config.layer_width()),
      inner(types.bfloat16_inner ? 0 : rows * config.intermediate_size),
      logits(rows * 2),
      neighbours(rows * NeighbourInputs(config)),
      widened(config.has_bottlenecks() ? rows * config.hidden_size : 0),
      operand(options.precision, options.isa, rows,
              std::max({config.hidden_size, config.layer_width(), config.intermediate_size,
                        config.projection_inputs(), NeighbourInputs(config)})),
      inner_operand(options.precision, options.isa, types.bfloat16_inner ? rows : 0,
                    config.intermediate_size),
      attention(options.isa, /*max_tokens=*/0, config.head_size()) {}

Workspace::Workspace(const EncoderConfig& config, const ComputeOptions& options,
                     std::size_t threads)
    : isa_(options.isa),
      hidden_size_(config.hidden_size),
      head_size_(config.head_size()),
      has_convolution_(config.deberta.convolution_width != 0),
      layer_width_(config.layer_width()),
      has_bottlenecks_(config.has_bottlenecks()),
      types_(ChooseActivationTypes(options, config.adds_to_scores())),
      team_(threads) {
  if (config.has_rotary_positions()) {
    rotary_.emplace_back(config.modernbert.global_theta, config.head_size());
    rotary_.emplace_back(config.modernbert.local_theta, config.head_size());
  }
  scratch_.reserve(threads);
  for (std::size_t thread = 0; thread < threads; ++thread) {
    scratch_.emplace_back(config, options);
  }
}

std::size_t Workspace::context_stride() const {
  return RoundUp(layer_width_, kHalvesInCacheLine);
}

void Workspace::ReserveRotary(std::size_t window_tokens) {
  for (RotaryTable& table : rotary_) {
    table.Reserve(window_tokens);
  }
}

void Workspace::ReserveWindows(std::size_t max_tokens, std::size_t table_rows) {
  if (max_tokens <= max_window_tokens_) {
    return;
  }
  max_window_tokens_ = RoundUp(max_tokens, 64);
  for (Scratch& scratch : scratch_) {
    scratch.attention = AttentionScratch(isa_, max_window_tokens_, head_size_);
    if (table_rows > 0) {
      scratch.attention.HoldPositions(max_window_tokens_, table_rows);
    }
  }
}

void Workspace::Reserve(std::size_t tokens) {
  if (tokens <= rows_) {
    return;
  }
  rows_ = RoundUp(tokens, 64);
  hidden_ = AlignedBuffer<float>(rows_ * hidden_size_);
  if (has_convolution_) {
    convolved_ = AlignedBuffer<float>(rows_ * hidden_size_);
  }
  layer_input_ = AlignedBuffer<float>(has_bottlenecks_ ? rows_ * layer_width_ : 0);
  if (types_.bfloat16_attention) {
    qkv_bf16_ = AlignedBuffer<BFloat16>(rows_ * 3 * layer_width_);
    context_bf16_ = AlignedBuffer<BFloat16>(rows_ * context_stride());
  } else {
    qkv_ = AlignedBuffer<float>(rows_ * 3 * layer_width_);
    context_ = AlignedBuffer<float>(rows_ * layer_width_);
  }
}

}  // namespace bertqa
