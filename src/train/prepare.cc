#include <algorithm>

#include "base/files.h"
#include "base/module_loader.h"
#include "bertqa/error.h"
#include "encoder/compute_options.h"
#include "io/training_reader.h"
#include "train/conditions.h"
#include "train/output.h"
#include "train/trainer.h"

namespace bertqa {
namespace {

void Note(const TrainObserver& observer, const std::string& message) {
  if (observer.note) {
    observer.note(message);
  }
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

AutogradModule LoadAutograd() {
  const ModuleName module = {.file = kAutogradModuleName,
                             .symbol = kAutogradSymbol,
                             .purpose = "train",
                             .alternative = ""};
  return *reinterpret_cast<AutogradModuleFunction>(LoadModuleSymbol(module))();
}

void ReportBase(const BaseModel& base, const TrainObserver& observer) {
  if (!base.fresh.empty()) {
    Note(observer, "the base has no " + Joined(base.fresh) + ": drawn from the seed");
  }
  if (!base.unused.empty()) {
    Note(observer, "of the base not used: " + Joined(base.unused));
  }
}

/// The records that are left out, and how many there are.
void ReportSkipped(const TrainingData& data, const TrainRun& run, const TrainObserver& observer) {
  if (data.skipped.empty()) {
    return;
  }
  for (const SkippedExample& skipped : data.skipped) {
    Note(observer, "id " + skipped.id + ": " + skipped.reason);
  }
  const bool is_one = data.skipped.size() == 1;
  const std::string count = std::to_string(data.skipped.size()) +
                            (is_one ? " record" : " records") + " cannot be trained on";
  if (run.options.strict) {
    throw Error(ErrorCode::kMalformed, run.paths.data.string() + ": " + count + " (--strict)");
  }
  Note(observer, count + (is_one ? " and is left out" : " and are left out"));
}

void ReportCounts(const TrainRun& run, const TrainObserver& observer) {
  const TrainingCounts& counts = run.set.counts;
  Note(observer, std::to_string(counts.examples) + " questions (" +
                     std::to_string(counts.unanswerable) + " without an answer) in " +
                     std::to_string(counts.windows) + " windows (" +
                     std::to_string(counts.null_windows) + " without an answer)");
  if (counts.empty > 0) {
    Note(observer, std::to_string(counts.empty) +
                       " questions are left out: no token in the question, the text or the answer");
  }
  if (counts.cut_answers > 0) {
    Note(observer, std::to_string(counts.cut_answers) +
                       " answers are whole in no window: longer than --overlap-tokens");
  }
  if (counts.cut_questions > 0) {
    Note(observer, std::to_string(counts.cut_questions) + " questions are cut to " +
                       std::to_string(run.options.windows.max_question_tokens) + " tokens");
  }
}

void ReadData(TrainRun& run, const TrainObserver& observer) {
  TrainingData data = ParseTrainingData(ReadFileOrPipe(run.paths.data), run.paths.data.string());
  ReportSkipped(data, run, observer);
  const auto is_unanswerable = [](const TrainingExample& example) { return !example.answer; };
  const auto unanswerable = static_cast<std::size_t>(
      std::count_if(data.examples.begin(), data.examples.end(), is_unanswerable));
  run.trains_no_answer = run.options.no_answer.value_or(unanswerable > 0);
  if (!run.trains_no_answer && unanswerable > 0) {
    std::erase_if(data.examples, is_unanswerable);
    Note(observer, std::to_string(unanswerable) + " questions without an answer are left out");
  }
  run.set = BuildTrainingSet(data.examples, *run.base.tokenizer, run.options.windows,
                             run.options.threads);
  if (run.set.windows.empty()) {
    throw Error(ErrorCode::kMalformed, run.paths.data.string() + ": nothing in it to train on");
  }
  ReportCounts(run, observer);
}

/// Settles what the options leave open.
void Choose(TrainRun& run, const AutogradModule& autograd) {
  TrainOptions& options = run.options;
  options.learning_rate =
      options.learning_rate.value_or(DefaultLearningRate(run.base.config.hidden_size));
  options.dropout = options.dropout.value_or(run.base.dropout);
  const std::size_t limit = run.base.config.max_window_tokens();
  if (options.windows.window_tokens > limit) {
    throw Error(ErrorCode::kUsage, "--window-tokens " +
                                       std::to_string(options.windows.window_tokens) +
                                       ": the model allows " + std::to_string(limit));
  }
  options.windows.Validate(run.base.tokenizer->pair_template().special_tokens());
  if (options.device == "auto") {
    options.device = autograd.has_device("cuda") ? "cuda" : "cpu";
  }
  if (options.precision == Precision::kAuto) {
    const bool is_gain = options.device != "cpu" || GainsFromBFloat16(ChosenIsa());
    options.precision = is_gain ? Precision::kBFloat16 : Precision::kFloat32;
  } else if (options.device == "cpu") {
    options.precision = ChooseCompute(options.precision, ChosenIsa()).precision;
  }
}

EngineOptions EngineOptionsOf(const TrainRun& run) {
  EngineOptions options;
  options.config = run.base.config;
  options.dropout = *run.options.dropout;
  options.weight_decay = run.options.weight_decay;
  options.max_grad_norm = run.options.max_grad_norm;
  options.bfloat16 = run.options.precision == Precision::kBFloat16;
  options.freeze_embeddings = run.options.freeze_embeddings;
  options.threads = run.options.threads;
  options.device = run.options.device;
  options.seed = run.options.seed;
  return options;
}

void FillFromBase(const BaseModel& base, TrainingEngine& engine) {
  for (const MemoryTensor& tensor : base.tensors) {
    for (const StateTensor& state : engine.state()) {
      if (state.name == tensor.name) {
        std::copy(tensor.values.begin(), tensor.values.end(), state.values.begin());
      }
    }
  }
}

void ReadDev(TrainRun& run, const TrainObserver& observer) {
  if (run.paths.dev.empty()) {
    Note(observer, "no --dev: nothing is evaluated, probabilities are not calibrated");
    return;
  }
  QaOptions options;
  options.windows.window_tokens =
      std::min(options.windows.window_tokens, run.base.config.max_window_tokens());
  if (options.windows.window_tokens < QaOptions().windows.window_tokens) {
    options.windows = run.options.windows;
  }
  run.dev = std::make_unique<DevSet>(run.paths.dev, *run.base.tokenizer, options);
}

void ReadTeacher(TrainRun& run, const TrainObserver& observer) {
  if (run.paths.teacher.empty()) {
    return;
  }
  const TeacherLogits::Request request = {
      .teacher = run.paths.teacher,
      .file = run.paths.output / "teacher-logits.safetensors",
      .threads = run.options.threads,
      .note = [&](const std::string& message) { Note(observer, message); },
      .should_stop = [&] { return observer.should_stop && observer.should_stop(); }};
  run.teacher = std::make_unique<TeacherLogits>(request, run.set);
}

/// A new run's progress is kept at once: whenever the process ends, there is something to resume.
void BeginOrGoOn(TrainRun& run) {
  const CheckpointFile checkpoint(run.paths.output);
  if (run.paths.resume) {
    run.progress = checkpoint.LoadProgress();
    RequireSameConditions(run);
    checkpoint.RemoveStale(run.progress);
  } else {
    run.progress.conditions = ConditionsOf(run);
    checkpoint.SaveBeginning(run.progress);
  }
}

/// Weights of the base, or a checkpoint's.
void FillState(TrainRun& run) {
  if (run.progress.step == 0) {
    FillFromBase(run.base, *run.engine);
  } else {
    CheckpointFile(run.paths.output).LoadState(run.engine->state());
  }
  run.engine->Upload();
}

}  // namespace

std::unique_ptr<TrainRun> PrepareRun(const TrainPaths& paths, const TrainOptions& options,
                                     const TrainObserver& observer) {
  options.Validate();
  CheckOutput(paths);
  const AutogradModule autograd = LoadAutograd();
  auto run = std::make_unique<TrainRun>();
  run->paths = paths;
  run->options = options;
  run->base = ReadBaseModel(paths.base, options.seed);
  ReportBase(run->base, observer);
  Choose(*run, autograd);
  ReadData(*run, observer);
  ReadDev(*run, observer);
  if (!paths.teacher.empty()) {
    CheckTeacher(paths.teacher, *run->base.tokenizer, run->options.windows.window_tokens);
  }
  run->engine = autograd.make_engine(EngineOptionsOf(*run));
  run->lock = ClaimOutput(paths);
  BeginOrGoOn(*run);
  if (!run->progress.is_done) {
    ReadTeacher(*run, observer);
    run->is_stopped = run->teacher != nullptr && run->teacher->was_stopped();
    FillState(*run);
  }
  return run;
}

TrainResult Train(const TrainPaths& paths, const TrainOptions& options,
                  const TrainObserver& observer) {
  const std::unique_ptr<TrainRun> run = PrepareRun(paths, options, observer);
  if (run->is_stopped) {
    TrainResult result;
    result.steps = run->progress.step;
    result.was_interrupted = true;
    return result;
  }
  if (run->progress.is_done) {
    Note(observer, paths.output.string() + ": this run is done");
  }
  return Trainer(*run, observer).Run();
}

}  // namespace bertqa
