#pragma once

#include <cstddef>
#include <vector>

#include "bertqa/qa_model.h"
#include "encoder/config.h"
#include "encoder/embeddings.h"
#include "encoder/parameters.h"
#include "encoder/workspace.h"

namespace bertqa {

/// One batch on its way through the network. Stages follow each other; the tasks of a stage are
/// independent and are shared between the workspace's threads:
///
///     embeddings, first q k v               a block of rows a task
///     convolution, where there is one       a block of rows a task
///     for each layer: attention             a window and a head a task
///                     the rest, next q k v  a block of rows a task (the last layer's: the head)
///
/// The rows of hidden are what passes by attention and the feed-forward layer: normalised behind
/// each sum, or (FamilyTraits::is_pre_norm) the sums themselves, of which the norm is what the next
/// part takes.
///
/// No kernel lets a row influence another but attention, and that works on one window at a time: so
/// a window's logits are the same bits whatever shares the batch and however it is cut into blocks.
/// A view: its arguments must outlive it.
class ForwardPass {
 public:
  ForwardPass(const EncoderConfig& config, const ComputeOptions& options,
              const EncoderParameters& parameters, const PackedBatch& batch, Workspace& workspace);

  SpanLogits Run();

 private:
  TokenRange Block(std::size_t block) const;
  void EmbedBlock(std::size_t block, Scratch& scratch);
  void ConvolveBlock(TokenRange rows, Scratch& scratch);
  void FinishLayerBlock(std::size_t layer, TokenRange rows, Scratch& scratch);
  OperandView ContextOperand(TokenRange rows, Scratch& scratch);
  void FinishPostNorm(const LayerParameters& weights, TokenRange rows, Scratch& scratch);
  void FeedForward(const FeedForwardParameters& weights, TokenRange rows, Scratch& scratch,
                   float* output);
  OperandView EnterBottlenecks(const BottleneckParameters& weights, const OperandView& hidden,
                               TokenRange rows, Scratch& scratch);
  void LeaveBottleneck(const Bottleneck& output, TokenRange rows, Scratch& scratch);
  LinearOutput QueryKeyValueOutput(TokenRange rows, std::size_t first_column);
  void ProjectQueryKeyValue(std::size_t layer, const float* input, TokenRange rows,
                            Scratch& scratch);
  template <typename T>
  void RotateQueriesAndKeys(std::size_t layer, TokenRange rows, T* qkv) const;
  void ProjectLogits(const float* input, TokenRange rows, Scratch& scratch);
  void AttendTask(std::size_t layer, std::size_t task, Scratch& scratch);
  void AddToHidden(float* values, TokenRange rows, const LayerNorm& norm);
  float* Hidden(TokenRange rows) { return workspace_.hidden() + rows.begin * config_.hidden_size; }
  float* LayerInput(TokenRange rows) {
    return workspace_.layer_input() + rows.begin * config_.layer_width();
  }

  const EncoderConfig& config_;
  const ComputeOptions& options_;
  const EncoderParameters& parameters_;
  const PackedBatch& batch_;
  Workspace& workspace_;
  ActivationTypes types_;
  std::size_t block_rows_ = 0;
  std::size_t blocks_ = 0;
  bool is_pre_norm_;
  std::vector<std::size_t> position_of_;  // [N], rows of the position table, or rotary positions
  SpanLogits logits_;
};

}  // namespace bertqa
