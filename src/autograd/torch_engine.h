#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "autograd/embedding_tables.h"
#include "autograd/engine.h"
#include "autograd/network.h"
#include "autograd/parameter_layout.h"
#include "encoder/task_team.h"

namespace bertqa {

/// TrainingEngine with libtorch. All parameters, gradients and moments are one array each, of
/// which the tensors are views (ParameterLayout).
/// On the CPU the batches of a step are shared out to `threads` workers, batch b to worker
/// b mod threads, each of which runs the operators on one thread and sums its own gradients; these
/// are added in the workers' order. Elsewhere there is one worker.
class TorchEngine : public TrainingEngine {
 public:
  explicit TorchEngine(const EngineOptions& options);

  const std::vector<StateTensor>& state() override { return state_; }
  void Upload() override;
  void Download() override;
  StepResult Step(const StepInput& input) override;

 private:
  /// One worker's view of the network, and what it computed.
  struct Worker {
    NetworkLeaves leaves;
    AttentionTraining attention;
    WeightGradient layer_scratch;
    WeightGradient head_scratch;
    double loss = 0;
  };

  at::Tensor View(const at::Tensor& values, ValueRange range) const;
  at::Tensor ParameterView(const at::Tensor& values, std::string_view name) const;
  EmbeddingTables TablesOf(const at::Tensor& values) const;
  NetworkLeaves LeavesOf(const at::Tensor& values) const;
  Worker MakeWorker() const;
  void PackWeights();
  NetworkRun RunOf(Worker& worker, const DropoutMask& mask) const;
  void RunBatch(Worker& worker, const TrainingBatch& batch, std::size_t batch_index,
                const StepInput& input, double scale);
  void ForEachSlice(ValueRange range, const std::function<void(ValueRange slice)>& work);
  void RunWorkers(const StepInput& input, double scale);
  void SumGradients();
  void AddEmbeddingGradients(const StepInput& input);
  double MeasureAndClip();
  void ApplyAdamW(const StepInput& input);

  EngineOptions options_;
  ParameterLayout layout_;
  at::Device device_;
  at::Tensor host_;       // [3, P] on the CPU: parameters and both moments; state_ views it
  at::Tensor values_;     // [P] parameters where they are computed with
  at::Tensor first_;      // [P] moments
  at::Tensor second_;     // [P]
  at::Tensor gradients_;  // [P]
  std::unique_ptr<NetworkPanels> panels_;  // on the CPU
  TaskTeam team_;
  std::vector<Worker> workers_;
  std::vector<at::Tensor> embedding_gradients_;  // [N, H] of each batch of a step
  std::vector<StateTensor> state_;
};

}  // namespace bertqa
