#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bertqa/window.h"
#include "encoder/config.h"
#include "encoder/weights.h"

namespace bertqa {

/// What a training engine is made for; none of it changes later.
struct EngineOptions {
  EncoderConfig config;
  /// Of embeddings, attention weights and both sublayers' outputs; in [0, 1).
  double dropout = 0.1;
  double weight_decay = 0.01;  ///< not of biases and LayerNorm
  double adam_beta1 = 0.9;     ///< AdamW (Loshchilov and Hutter 2019, algorithm 2)
  double adam_beta2 = 0.999;
  double adam_epsilon = 1e-8;
  double max_grad_norm = 1.0;      ///< gradients are scaled down to it; 0: never
  bool bfloat16 = false;           ///< products in bfloat16, fp32 master weights
  bool freeze_embeddings = false;  ///< the three tables and their LayerNorm stay as they are
  std::size_t threads = 1;
  std::string device = "cpu";  ///< or "cuda"
  std::uint64_t seed = 42;     ///< of dropout
};

/// The windows of one forward and backward pass, with what the head should say of them.
struct TrainingBatch {
  PackedBatch inputs;
  std::vector<std::size_t> start_positions;  ///< [W], in the window's input
  std::vector<std::size_t> end_positions;    ///< [W], inclusive
  std::vector<float> teacher_start;          ///< [N], a teacher's logits; empty: there is none
  std::vector<float> teacher_end;            ///< [N]
};

/// How a teacher's logits enter the loss (Hinton et al. 2015):
/// (1 - weight) · cross-entropy + weight · temperature² · KL(teacher ‖ student).
struct Distillation {
  double weight = 0.5;
  double temperature = 2;
};

struct StepInput {
  std::span<const TrainingBatch> batches;  ///< their windows are averaged over all batches
  double learning_rate = 0;
  std::uint64_t step = 0;  ///< counts from 0; with the seed it decides what is dropped
  Distillation distillation;
};

struct StepResult {
  double loss = 0;           ///< mean over windows of (start + end cross-entropy) / 2, or distilled
  double gradient_norm = 0;  ///< before it was scaled down
  bool is_applied = false;   ///< false: the loss or the norm is not finite, nothing was changed
};

/// A part of the state, in memory of the host.
struct StateTensor {
  std::string name;  ///< of a parameter as ExpectedTensors spells it; "exp_avg.…", "exp_avg_sq.…"
  Shape shape;
  std::span<float> values;
};

/// A BERT with a question-answering head and AdamW. Deterministic on the CPU: the state after a
/// step is a function of the state before it, the input and the options, bit for bit.
/// Not thread-safe. Errors: Error{kInternal} with libtorch's message.
class TrainingEngine {
 public:
  virtual ~TrainingEngine() = default;

  /// Parameters first, then both moments of each; views of the engine's memory.
  virtual const std::vector<StateTensor>& state() = 0;
  /// What was written into `state()` counts from now on.
  virtual void Upload() = 0;
  /// `state()` shows what Step has made of it.
  virtual void Download() = 0;

  virtual StepResult Step(const StepInput& input) = 0;
};

/// Makes an engine whose state is all zeros. Throws Error{kUsage} for a device that is not there,
/// Error{kUnsupported} for bfloat16 where `device` does not compute in it.
using MakeTrainingEngineFunction = std::unique_ptr<TrainingEngine> (*)(const EngineOptions&);
/// True if this libtorch finds such a device ("cpu", "cuda").
using HasDeviceFunction = bool (*)(const char* device);

/// What the module's one function gives.
struct AutogradModule {
  MakeTrainingEngineFunction make_engine = nullptr;
  HasDeviceFunction has_device = nullptr;
};

/// The number grows when anything above changes, so that a module of another version is refused.
using AutogradModuleFunction = const AutogradModule* (*)() noexcept;
inline constexpr const char* kAutogradSymbol = "bertqa_autograd_1";
inline constexpr const char* kAutogradModuleName = "libbertqa_autograd.so";

}  // namespace bertqa
