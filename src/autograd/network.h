#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "autograd/dropout.h"
#include "autograd/linear.h"
#include "bertqa/window.h"
#include "encoder/config.h"
#include "encoder/task_team.h"
#include "kernels/attention_training.h"

namespace bertqa {

struct LayerLeaves {
  LinearLeaves qkv;  ///< [3 H, H]
  LinearLeaves attention_output;
  LinearLeaves attention_norm;  ///< of LayerNorm, [H] each, fp32
  LinearLeaves inner;
  LinearLeaves output;
  LinearLeaves output_norm;
};

/// What gradients are computed for, but the embeddings' tables.
struct NetworkLeaves {
  LinearLeaves embedding_norm;
  std::vector<LayerLeaves> layers;
  LinearLeaves head;  ///< fp32

  /// Calls `visit` with each leaf, in one order.
  void ForEach(const std::function<void(at::Tensor& leaf)>& visit);
};

struct LayerPanels {
  LinearPanels qkv;
  LinearPanels attention_output;
  LinearPanels inner;
  LinearPanels output;
};

/// The weights of all dense layers as the CPU's kernels read them.
class NetworkPanels {
 public:
  /// Products of the layers in `precision`, of the head in fp32.
  NetworkPanels(const EncoderConfig& config, Precision precision);

  void Pack(const NetworkLeaves& leaves, TaskTeam& team);

  const LayerPanels& layer(std::size_t index) const { return layers_[index]; }
  const LinearPanels& head() const { return head_; }

 private:
  std::vector<LayerPanels> layers_;
  LinearPanels head_;
};

/// What one pass over the network runs with.
struct NetworkRun {
  const NetworkLeaves& leaves;
  const EncoderConfig& config;
  at::ScalarType type = at::kFloat;       ///< of activations between layers
  const NetworkPanels* panels = nullptr;  ///< null: libtorch's products
  AttentionTraining* attention = nullptr;
  WeightGradient* layer_scratch = nullptr;
  WeightGradient* head_scratch = nullptr;
  DropoutMask mask;
};

/// BERT with a question-answering head (Devlin et al. 2019) on packed windows, from summed
/// embeddings [N, H] (fp32) to logits [N, 2] (fp32). Dropout where transformers' BertModel has it.
at::Tensor ForwardNetwork(const NetworkRun& run, const at::Tensor& embeddings,
                          const std::vector<std::size_t>& offsets);

}  // namespace bertqa
