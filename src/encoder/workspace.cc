#include "encoder/workspace.h"

#include <algorithm>

namespace bertqa {
namespace {

constexpr std::size_t kHalvesInCacheLine = kCacheLineBytes / sizeof(BFloat16);

}  // namespace

Scratch::Scratch(const EncoderConfig& config, const ComputeOptions& options)
    : Scratch(config, options, MaxBlockRows(options),
              ChooseActivationTypes(options, config.has_distance_bias())) {}

Scratch::Scratch(const EncoderConfig& config, const ComputeOptions& options, std::size_t rows,
                 ActivationTypes types)
    : embedded(config.projects_embeddings() ? rows * config.embedding_width() : 0),
      attended(rows * config.hidden_size),
      inner(types.bfloat16_inner ? 0 : rows * config.intermediate_size),
      logits(rows * 2),
      operand(options.precision, options.isa, rows,
              std::max({config.hidden_size, config.intermediate_size, config.embedding_width()})),
      inner_operand(options.precision, options.isa, types.bfloat16_inner ? rows : 0,
                    config.intermediate_size),
      attention(options.isa, config.max_window_tokens(), config.head_size()) {}

Workspace::Workspace(const EncoderConfig& config, const ComputeOptions& options,
                     std::size_t threads)
    : hidden_size_(config.hidden_size),
      types_(ChooseActivationTypes(options, config.has_distance_bias())),
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
  return RoundUp(hidden_size_, kHalvesInCacheLine);
}

void Workspace::ReserveRotary(std::size_t window_tokens) {
  for (RotaryTable& table : rotary_) {
    table.Reserve(window_tokens);
  }
}

void Workspace::Reserve(std::size_t tokens) {
  if (tokens <= rows_) {
    return;
  }
  rows_ = RoundUp(tokens, 64);
  hidden_ = AlignedBuffer<float>(rows_ * hidden_size_);
  if (types_.bfloat16_attention) {
    qkv_bf16_ = AlignedBuffer<BFloat16>(rows_ * 3 * hidden_size_);
    context_bf16_ = AlignedBuffer<BFloat16>(rows_ * context_stride());
  } else {
    qkv_ = AlignedBuffer<float>(rows_ * 3 * hidden_size_);
    context_ = AlignedBuffer<float>(rows_ * hidden_size_);
  }
}

}  // namespace bertqa
