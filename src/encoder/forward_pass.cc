#include "encoder/forward_pass.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/relu.h>

#include <algorithm>

#include "encoder/embeddings.h"
#include "encoder/layer_norm.h"

namespace bertqa {
namespace {

at::Tensor BlockOf(const at::Tensor& matrix, std::size_t block) {
  return matrix.narrow(0, static_cast<std::int64_t>(block * kBlockRows),
                       static_cast<std::int64_t>(kBlockRows));
}

/// output = input · weight + bias. REQUIRES: kBlockRows rows.
void Multiply(const at::Tensor& input, const Linear& linear, at::Tensor output) {
  at::addmm_out(output, linear.bias, input, linear.weight);
}

void Activate(Activation activation, at::Tensor values) {
  switch (activation) {
    case Activation::kGelu:
      at::gelu_(values);
      return;
    case Activation::kGeluNew:
      at::gelu_(values, "tanh");
      return;
    case Activation::kRelu:
      at::relu_(values);
      return;
  }
}

}  // namespace

ForwardPass::ForwardPass(const BertConfig& config, const BertParameters& parameters,
                         const PackedBatch& batch, Workspace& workspace)
    : config_(config),
      parameters_(parameters),
      batch_(batch),
      workspace_(workspace),
      attention_(ShapeAttention(config)) {
  position_of_.reserve(batch.token_count());
  for (std::size_t window = 0; window < batch.window_count(); ++window) {
    for (std::size_t token = batch.offsets[window]; token < batch.offsets[window + 1]; ++token) {
      position_of_.push_back(token - batch.offsets[window]);
    }
  }
  logits_.start.resize(batch.token_count());
  logits_.end.resize(batch.token_count());
  workspace_.Reserve(batch.token_count());
}

SpanLogits ForwardPass::Run() {
  TaskTeam& team = workspace_.team();
  team.ForEach(workspace_.blocks(),
               [this](std::size_t block, std::size_t /*worker*/) { EmbedBlock(block); });
  const std::size_t attention_tasks = batch_.window_count() * attention_.tasks_per_window();
  for (std::size_t layer = 0; layer < parameters_.layers.size(); ++layer) {
    team.ForEach(attention_tasks,
                 [this](std::size_t task, std::size_t /*worker*/) { AttendTask(task); });
    team.ForEach(workspace_.blocks(), [&](std::size_t block, std::size_t worker) {
      FinishLayerBlock(layer, block, workspace_.scratch(worker));
    });
  }
  return std::move(logits_);
}

void ForwardPass::EmbedBlock(std::size_t block) {
  const TokenRange tokens{.begin = block * kBlockRows,
                          .end = std::min((block + 1) * kBlockRows, batch_.token_count())};
  Embed(parameters_.embeddings, batch_, position_of_, tokens,
        BlockOf(workspace_.hidden(), block).mutable_data_ptr<float>());
  ProjectQueryKeyValue(/*layer=*/0, block);
}

void ForwardPass::AttendTask(std::size_t task) {
  const std::size_t window = task / attention_.tasks_per_window();
  AttendWindow(attention_, workspace_.qkv(),
               {.begin = batch_.offsets[window], .end = batch_.offsets[window + 1]},
               task % attention_.tasks_per_window(), workspace_.context());
}

void ForwardPass::FinishLayerBlock(std::size_t layer, std::size_t block, const Scratch& scratch) {
  const LayerParameters& weights = parameters_.layers[layer];
  const at::Tensor hidden = BlockOf(workspace_.hidden(), block);
  auto* const hidden_data = hidden.mutable_data_ptr<float>();
  auto* const attended_data = scratch.attended.mutable_data_ptr<float>();
  Multiply(BlockOf(workspace_.context(), block), weights.attention_output, scratch.attended);
  AddAndNormalise(attended_data, hidden_data, kBlockRows, weights.attention_norm);
  Multiply(scratch.attended, weights.feed_forward_in, scratch.inner);
  Activate(config_.activation, scratch.inner);
  Multiply(scratch.inner, weights.feed_forward_out, hidden);
  AddAndNormalise(hidden_data, attended_data, kBlockRows, weights.output_norm);
  if (layer + 1 < parameters_.layers.size()) {
    ProjectQueryKeyValue(layer + 1, block);
  } else {
    ProjectLogits(block, scratch);
  }
}

void ForwardPass::ProjectQueryKeyValue(std::size_t layer, std::size_t block) {
  Multiply(BlockOf(workspace_.hidden(), block), parameters_.layers[layer].query_key_value,
           BlockOf(workspace_.qkv(), block));
}

void ForwardPass::ProjectLogits(std::size_t block, const Scratch& scratch) {
  Multiply(BlockOf(workspace_.hidden(), block), parameters_.head, scratch.logits);
  const auto* const logits = scratch.logits.const_data_ptr<float>();
  const std::size_t begin = block * kBlockRows;
  const std::size_t end = std::min(begin + kBlockRows, batch_.token_count());
  for (std::size_t token = begin; token < end; ++token) {
    logits_.start[token] = logits[2 * (token - begin)];
    logits_.end[token] = logits[2 * (token - begin) + 1];
  }
}

}  // namespace bertqa
