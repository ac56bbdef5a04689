#include "encoder/workspace.h"

#include <ATen/ops/zeros.h>

#include "encoder/parameters.h"

namespace bertqa {
namespace {

at::Tensor Zeros(std::size_t rows, std::size_t columns) {
  return at::zeros({static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)},
                   at::kFloat);
}

}  // namespace

Workspace::Workspace(const BertConfig& config, std::size_t threads)
    : hidden_size_(config.hidden_size), team_(threads) {
  for (std::size_t thread = 0; thread < threads; ++thread) {
    scratch_.push_back({.attended = Zeros(kBlockRows, config.hidden_size),
                        .inner = Zeros(kBlockRows, config.intermediate_size),
                        .logits = Zeros(kBlockRows, 2)});
  }
}

void Workspace::Reserve(std::size_t tokens) {
  blocks_ = (tokens + kBlockRows - 1) / kBlockRows;
  const std::size_t rows = blocks_ * kBlockRows;
  if (hidden_.defined() && static_cast<std::size_t>(hidden_.size(0)) >= rows) {
    return;
  }
  hidden_ = Zeros(rows, hidden_size_);
  qkv_ = Zeros(rows, QkvColumns(hidden_size_));
  context_ = Zeros(rows, hidden_size_);
}

}  // namespace bertqa
