#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bertqa/eval.h"
#include "bertqa/precision.h"
#include "bertqa/window.h"

namespace bertqa {

/// In which order an epoch visits its windows.
enum class TrainOrder {
  kShuffled,  ///< drawn anew for each epoch from the seed
  kFile,      ///< as the examples stand in the file
};

/// What decides the weights that come out. Defaults follow the reference recipe (Devlin et al.
/// 2019, section 4.2; transformers' question-answering example).
struct TrainOptions {
  double epochs = 2;                    ///< may end within an epoch: 0.1 is a tenth of one
  std::optional<double> learning_rate;  ///< the highest; else DefaultLearningRate
  std::size_t batch_size = 32;          ///< windows a step
  double warmup_ratio = 0.1;            ///< share of the steps with a rising learning rate
  double weight_decay = 0.01;           ///< not of biases and LayerNorm
  double max_grad_norm = 1;             ///< 0: gradients are never scaled down
  std::optional<double> dropout;        ///< else what the base's config.json says
  WindowOptions windows;
  std::uint64_t seed = 42;
  TrainOrder order = TrainOrder::kShuffled;
  std::optional<bool> no_answer;   ///< train on unanswerable questions; else if there are any
  bool freeze_embeddings = false;  ///< leave embeddings as they are
  bool strict = false;             ///< refuse data in which an answer is not at its offset
  Precision precision = Precision::kAuto;  ///< of products: fp32, bf16, or bf16 where it is a gain
  std::size_t threads = 1;                 ///< another number gives other roundings
  std::string device = "auto";             ///< "cpu", "cuda", or "cuda" where there is one
  std::size_t max_batch_tokens = 2048;     ///< of one forward and backward pass on one thread
  double distill_weight = 0.5;             ///< of the teacher's share in the loss
  double distill_temperature = 2;          ///< that both distributions are softened with
  std::size_t eval_every = 0;              ///< steps; 0: at the end of each epoch
  std::size_t patience = 0;  ///< evaluations without a better F1 before it stops; 0: never
  double save_minutes = 5;   ///< between checkpoints

  /// Throws Error{kUsage} that names the option and its range.
  void Validate() const;
};

/// Fine-tuning rates of BERT's paper for its sizes (hidden size 768 and above): 3e-5; smaller
/// networks take larger steps (Turc et al. 2019): 1e-4.
double DefaultLearningRate(std::size_t hidden_size);

struct TrainPaths {
  std::filesystem::path base;     ///< model directory, with or without a head
  std::filesystem::path data;     ///< SQuAD or JSONL
  std::filesystem::path dev;      ///< SQuAD; empty: nothing is evaluated
  std::filesystem::path teacher;  ///< model directory; empty: no distillation
  std::filesystem::path output;   ///< becomes a model directory
  bool resume = false;            ///< go on from the checkpoint in `output`
  bool overwrite = false;         ///< replace `output`
};

/// One step, as `log.jsonl` has it.
struct TrainStep {
  std::size_t step = 0;  ///< counts from 1
  std::size_t total_steps = 0;
  double epoch = 0;  ///< passed with this step
  double loss = 0;
  double learning_rate = 0;
  double gradient_norm = 0;
  std::size_t windows = 0;
  std::size_t tokens = 0;
  double seconds = 0;
};

struct TrainEvaluation {
  std::size_t step = 0;
  double exact = 0;
  double f1 = 0;         ///< with unanswerable questions: at the best null threshold
  bool is_best = false;  ///< so far; its weights are in `output`
};

struct TrainResult {
  std::size_t steps = 0;
  bool was_interrupted = false;  ///< a checkpoint is there to resume from
  std::optional<TrainEvaluation> best;
  double temperature = 1;
  double null_threshold = 0;
};

/// What a run tells while it goes on; each may be empty. Called from the thread that called Train.
struct TrainObserver {
  std::function<void(const std::string& message)> note;
  std::function<void(const TrainStep& step)> on_step;
  std::function<void(const TrainEvaluation& evaluation)> on_evaluation;
  std::function<bool()> should_stop;  ///< asked after each step; true: save and return
};

/// Fine-tunes a model. `output` gets log.jsonl, learning-curve.svg, the weights of the best
/// evaluation (of the last step, if nothing is evaluated) as a model directory and, while it is not
/// done, a checkpoint: a run that was stopped at any moment and resumed gives the same weights, bit
/// for bit (on the CPU), as one that was not.
/// Throws Error{kUsage, kUnreadable, kMalformed, kUnsupported, kUnwritable}; Error{kInternal} if
/// the loss is no longer finite. What `output` holds is then whole, and as of the last checkpoint.
TrainResult Train(const TrainPaths& paths, const TrainOptions& options,
                  const TrainObserver& observer);

}  // namespace bertqa
