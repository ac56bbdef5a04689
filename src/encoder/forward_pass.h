#pragma once

#include <cstddef>
#include <vector>

#include "bertqa/qa_model.h"
#include "encoder/attention.h"
#include "encoder/config.h"
#include "encoder/parameters.h"
#include "encoder/workspace.h"

namespace bertqa {

/// One batch on its way through the network. Stages follow each other; the tasks of a stage are
/// independent and are shared between the workspace's threads:
///
///     embeddings, first q k v               a block of rows a task
///     for each layer: attention             a window and a group of heads a task
///                     the rest, next q k v  a block of rows a task (the last layer's: the head)
///
/// A task's shapes depend only on the model and on its window, and it reads and writes only its own
/// rows, so that a window's logits are the same bits whatever shares the batch.
/// A view: its arguments must outlive it.
class ForwardPass {
 public:
  ForwardPass(const BertConfig& config, const BertParameters& parameters, const PackedBatch& batch,
              Workspace& workspace);

  SpanLogits Run();

 private:
  void EmbedBlock(std::size_t block);
  void FinishLayerBlock(std::size_t layer, std::size_t block, const Scratch& scratch);
  void ProjectQueryKeyValue(std::size_t layer, std::size_t block);
  void ProjectLogits(std::size_t block, const Scratch& scratch);
  void AttendTask(std::size_t task);

  const BertConfig& config_;
  const BertParameters& parameters_;
  const PackedBatch& batch_;
  Workspace& workspace_;
  AttentionShape attention_;
  std::vector<std::size_t> position_of_;  // [N]
  SpanLogits logits_;
};

}  // namespace bertqa
