#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/files.h"
#include "bertqa/error.h"
#include "io/learning_curve.h"
#include "model/build_model.h"
#include "train/data_order.h"
#include "train/output.h"

namespace bertqa {
namespace {

constexpr double kSecondsPerMinute = 60;

std::size_t StepsPerEpoch(const TrainRun& run) {
  return (run.set.windows.size() + run.options.batch_size - 1) / run.options.batch_size;
}

std::size_t TotalSteps(const TrainRun& run) {
  const auto steps = std::llround(static_cast<double>(StepsPerEpoch(run)) * run.options.epochs);
  return std::max<std::size_t>(1, static_cast<std::size_t>(steps));
}

}  // namespace

Trainer::Trainer(TrainRun& run, const TrainObserver& observer)
    : run_(run),
      observer_(observer),
      steps_per_epoch_(StepsPerEpoch(run)),
      total_steps_(TotalSteps(run)),
      schedule_(MakeSchedule(*run.options.learning_rate, run.options.warmup_ratio, total_steps_)),
      checkpoint_(run.paths.output),
      log_(run.paths.output / "log.jsonl", run.progress.step),
      order_epoch_(static_cast<std::size_t>(-1)) {}

std::vector<TrainingBatch> Trainer::MakeBatches(std::size_t step) {
  const std::size_t count = run_.set.windows.size();
  const std::size_t epoch = step / steps_per_epoch_;
  if (epoch != order_epoch_) {
    order_ = ShuffledOrder(count, run_.options.seed, epoch);
    if (run_.options.order == TrainOrder::kFile) {
      std::iota(order_.begin(), order_.end(), 0);
    }
    order_epoch_ = epoch;
  }
  const std::size_t begin = step % steps_per_epoch_ * run_.options.batch_size;
  const std::size_t end = std::min(begin + run_.options.batch_size, count);
  std::vector<std::size_t> lengths;
  for (std::size_t place = begin; place < end; ++place) {
    lengths.push_back(run_.set.windows[order_[place]].tokens);
  }
  const PairTemplate& pair = run_.base.tokenizer->pair_template();
  std::vector<TrainingBatch> batches;
  for (const std::vector<std::size_t>& places :
       ShareOut(lengths, run_.options.threads, run_.options.max_batch_tokens)) {
    TrainingBatch batch;
    for (const std::size_t place : places) {
      const std::size_t index = order_[begin + place];
      AppendTrainingWindow(batch.inputs, run_.set, index, pair);
      batch.start_positions.push_back(run_.set.windows[index].start_position);
      batch.end_positions.push_back(run_.set.windows[index].end_position);
      if (run_.teacher != nullptr) {
        run_.teacher->Append(batch, index);
      }
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

void Trainer::DoStep() {
  const Stopwatch watch;
  const std::size_t step = run_.progress.step;
  const std::vector<TrainingBatch> batches = MakeBatches(step);
  StepInput input;
  input.batches = batches;
  input.learning_rate = schedule_.RateAt(step);
  input.step = step;
  input.distillation = {run_.options.distill_weight, run_.options.distill_temperature};
  const StepResult result = run_.engine->Step(input);
  if (!result.is_applied) {
    throw Error(ErrorCode::kInternal,
                "step " + std::to_string(step + 1) + ": the loss is " +
                    std::to_string(result.loss) + " and the gradients' norm " +
                    std::to_string(result.gradient_norm) +
                    ", finite numbers are expected; a lower --learning-rate may help. " +
                    run_.paths.output.string() + " is as of the last checkpoint");
  }
  run_.progress.step = step + 1;
  TrainStep done;
  done.step = step + 1;
  done.total_steps = total_steps_;
  done.epoch = static_cast<double>(step + 1) / static_cast<double>(steps_per_epoch_);
  done.loss = result.loss;
  done.learning_rate = input.learning_rate;
  done.gradient_norm = result.gradient_norm;
  for (const TrainingBatch& batch : batches) {
    done.windows += batch.inputs.window_count();
    done.tokens += batch.inputs.token_count();
  }
  done.seconds = watch.seconds();
  log_.Add(done);
  if (observer_.on_step) {
    observer_.on_step(done);
  }
}

bool Trainer::IsEvaluationDue() const {
  if (run_.dev == nullptr) {
    return false;
  }
  const std::size_t every =
      run_.options.eval_every == 0 ? steps_per_epoch_ : run_.options.eval_every;
  return run_.progress.step % every == 0 || run_.progress.step == total_steps_;
}

bool Trainer::IsOutOfPatience() const {
  return run_.options.patience > 0 && run_.progress.evaluations_since_best >= run_.options.patience;
}

Checkpoint Trainer::Weights() const {
  run_.engine->Download();
  return ViewWeights(run_.base.config, run_.engine->state());
}

void Trainer::Evaluate() {
  const Checkpoint weights = Weights();
  const Model model = BuildModel(ReadTokenizer(run_.paths.base, run_.base.config), weights, {},
                                 {.threads = run_.options.threads}, "in training");
  run_.dev->Encode(model, run_.options.threads);
  const EvalReport report = run_.dev->Judge();
  const bool searched = run_.dev->has_unanswerable();
  TrainEvaluation evaluation;
  evaluation.step = run_.progress.step;
  evaluation.exact = report[searched ? "best_exact" : "exact"];
  evaluation.f1 = report[searched ? "best_f1" : "f1"];
  evaluation.is_best = !run_.progress.best_f1 || evaluation.f1 > *run_.progress.best_f1;
  run_.progress.evaluations_since_best += 1;
  if (evaluation.is_best) {
    run_.progress.best_f1 = evaluation.f1;
    run_.progress.best_exact = evaluation.exact;
    run_.progress.best_step = evaluation.step;
    run_.progress.evaluations_since_best = 0;
    ReplaceModelFiles(run_.paths.base, weights, NotesOf(run_, &report), run_.paths.output);
  }
  log_.Add(evaluation);
  if (observer_.on_evaluation) {
    observer_.on_evaluation(evaluation);
  }
}

void Trainer::Save() {
  run_.engine->Download();
  log_.Sync();  // a checkpoint's log is whole
  checkpoint_.Save(run_.progress, run_.engine->state());
  since_save_ = Stopwatch();
}

TrainResult Trainer::MakeResult() const {
  TrainResult result;
  result.steps = run_.progress.step;
  if (run_.progress.best_f1) {
    result.best = {.step = run_.progress.best_step,
                   .exact = run_.progress.best_exact.value_or(0),
                   .f1 = *run_.progress.best_f1,
                   .is_best = true};
  }
  if (run_.progress.is_done) {
    const ModelNotes notes = ReadModelNotes(run_.paths.output);
    result.temperature = notes.defaults.temperature;
    result.null_threshold = notes.defaults.null_threshold;
  }
  return result;
}

TrainResult Trainer::Finish() {
  if (run_.dev == nullptr) {
    ReplaceModelFiles(run_.paths.base, Weights(), NotesOf(run_, nullptr), run_.paths.output);
  }
  run_.progress.is_done = true;
  LearningCurve curve = log_.curve();
  curve.title = run_.paths.output.filename().string();
  WriteFileAtomically(run_.paths.output / "learning-curve.svg", FormatLearningCurveSvg(curve));
  log_.Sync();
  checkpoint_.SaveDone(run_.progress);
  return MakeResult();
}

TrainResult Trainer::Interrupt() {
  Save();
  TrainResult result = MakeResult();
  result.was_interrupted = true;
  return result;
}

TrainResult Trainer::Run() {
  if (run_.progress.is_done) {
    return MakeResult();
  }
  while (run_.progress.step < total_steps_ && !IsOutOfPatience()) {
    DoStep();
    if (IsEvaluationDue()) {
      Evaluate();
      Save();
    }
    if (observer_.should_stop && observer_.should_stop() && run_.progress.step < total_steps_) {
      return Interrupt();
    }
    if (since_save_.seconds() > run_.options.save_minutes * kSecondsPerMinute) {
      Save();
    }
  }
  return Finish();
}

}  // namespace bertqa
