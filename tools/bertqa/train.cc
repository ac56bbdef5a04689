#include "bertqa/train.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "bertqa/error.h"
#include "command.h"

namespace bertqa::cli {
namespace {

struct TrainCommandOptions {
  std::string base;
  std::string data;
  std::string dev;
  std::string teacher;
  std::string output;
  TrainOptions train;
  std::size_t threads = 0;
  bool pull = false;
  bool resume = false;
  bool overwrite = false;
  bool quiet = false;
};

constexpr int kSignalStatus = 128;  // a shell's status of a command that a signal ended

volatile std::sig_atomic_t stop_signal = 0;

/// From now on SIGINT and SIGTERM ask the run to save and stop; a second one ends the process.
void StopOnSignals() {
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto before = std::signal(signal, [](int caught) {
      if (stop_signal != 0) {
        ::_exit(kSignalStatus + stop_signal);
      }
      stop_signal = caught;
    });
    if (before == SIG_IGN) {
      std::signal(signal, SIG_IGN);  // a shell asks for it for what it runs in the background
    }
  }
}

std::string Format(const char* format, double value) {
  std::array<char, 32> text = {};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

/// "1:02:03" or "2:03".
std::string DurationText(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  std::array<char, 32> text = {};
  if (whole >= 3600) {
    std::snprintf(text.data(), text.size(), "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%ld:%02ld", whole / 60, whole % 60);
  }
  return text.data();
}

/// A line that is drawn over on a terminal, and written every hundred steps elsewhere.
class TrainProgressLine {
 public:
  explicit TrainProgressLine(bool is_quiet)
      : is_quiet_(is_quiet), is_terminal_(::isatty(STDERR_FILENO) == 1) {}
  ~TrainProgressLine() { Clear(); }
  TrainProgressLine(const TrainProgressLine&) = delete;
  TrainProgressLine& operator=(const TrainProgressLine&) = delete;

  void Show(const TrainStep& step) {
    // Averages that forget: about the last twenty steps.
    const double share = ++shown_ == 1 ? 1.0 : 0.05;
    loss_ += share * (step.loss - loss_);
    seconds_ += share * (step.seconds - seconds_);
    tokens_ += share * (static_cast<double>(step.tokens) - tokens_);
    constexpr std::size_t kEvery = 100;
    if (is_quiet_ || (!is_terminal_ && step.step % kEvery != 0 && step.step != step.total_steps)) {
      return;
    }
    const double left = static_cast<double>(step.total_steps - step.step) * seconds_;
    const std::string line =
        "step " + std::to_string(step.step) + " of " + std::to_string(step.total_steps) +
        ", epoch " + Format("%.2f", step.epoch) + ": loss " + Format("%.3f", loss_) +
        ", learning rate " + Format("%.2e", step.learning_rate) + ", " +
        Format("%.0f", tokens_ / seconds_) + " tokens a second, " + DurationText(left) + " left";
    std::fputs(is_terminal_ ? ("\r" + line + "\x1B[K").c_str() : (line + "\n").c_str(), stderr);
    std::fflush(stderr);
    is_drawn_ = is_terminal_;
  }

  void Clear() {
    if (is_drawn_) {
      std::fputs("\r\x1B[K", stderr);
      is_drawn_ = false;
    }
  }

 private:
  bool is_quiet_;
  bool is_terminal_;
  bool is_drawn_ = false;
  std::size_t shown_ = 0;
  double loss_ = 0;
  double seconds_ = 0;
  double tokens_ = 0;
};

TrainObserver Observe(TrainProgressLine& line, bool quiet) {
  TrainObserver observer;
  observer.note = [&line, quiet](const std::string& message) {
    if (!quiet) {
      line.Clear();
      Note(message);
    }
  };
  observer.on_step = [&line](const TrainStep& step) { line.Show(step); };
  observer.on_evaluation = [note = observer.note](const TrainEvaluation& evaluation) {
    note("step " + std::to_string(evaluation.step) + ": exact " + Format("%.2f", evaluation.exact) +
         ", f1 " + Format("%.2f", evaluation.f1) + (evaluation.is_best ? ", the best so far" : ""));
  };
  observer.should_stop = [] { return stop_signal != 0; };
  return observer;
}

int RunTrain(const TrainCommandOptions& options) {
  TrainPaths paths;
  const auto resolve = [&](const std::string& name) {
    return ResolveModel({.name = name, .pull = options.pull, .quiet = options.quiet});
  };
  paths.base = resolve(options.base);
  paths.data = options.data;
  paths.dev = options.dev;
  paths.teacher = options.teacher.empty() ? "" : resolve(options.teacher).string();
  paths.output = options.output;
  paths.resume = options.resume;
  paths.overwrite = options.overwrite;
  TrainOptions train = options.train;
  train.threads = ThreadsOf(options.threads);
  StopOnSignals();
  TrainProgressLine line(options.quiet);
  const TrainObserver observer = Observe(line, options.quiet);
  const TrainResult result = Train(paths, train, observer);
  if (result.was_interrupted) {
    observer.note("stopped after step " + std::to_string(result.steps) +
                  "; the same command with --resume goes on");
    return kSignalStatus + stop_signal;
  }
  if (result.best) {
    observer.note("best: exact " + Format("%.2f", result.best->exact) + ", f1 " +
                  Format("%.2f", result.best->f1) + " after step " +
                  std::to_string(result.best->step) + "; temperature " +
                  Format("%.3f", result.temperature) + ", null threshold " +
                  Format("%.3f", result.null_threshold));
  }
  observer.note("wrote " + options.output);
  return kDone;
}

void AddRecipe(CLI::App& app, TrainOptions& train) {
  app.add_option("--epochs", train.epochs, "Passes over the data; 0.1 is a tenth of one")
      ->capture_default_str()
      ->type_name("X");
  app.add_option("--learning-rate", train.learning_rate,
                 "The highest (default: 3e-5; 1e-4 for hidden sizes below 768)")
      ->type_name("X");
  app.add_option("--batch-size", train.batch_size, "Windows a step")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--warmup-ratio", train.warmup_ratio,
                 "Share of the steps in which the learning rate rises")
      ->capture_default_str()
      ->type_name("X");
  app.add_option("--weight-decay", train.weight_decay, "AdamW's; not of biases and LayerNorm")
      ->capture_default_str()
      ->type_name("X");
  app.add_option("--max-grad-norm", train.max_grad_norm,
                 "Gradients are scaled down to this norm; 0: never")
      ->capture_default_str()
      ->type_name("X");
  app.add_option("--dropout", train.dropout, "Share of values dropped (default: the base's)")
      ->type_name("X");
  app.add_option("--seed", train.seed, "Of the order of the data, of dropout and of a new head")
      ->capture_default_str()
      ->type_name("N");
  AddChoice<TrainOrder>(app, "--order", train.order,
                        {{"shuffled", TrainOrder::kShuffled}, {"file", TrainOrder::kFile}},
                        "Order of the data in an epoch");
  app.add_flag("--freeze-embeddings", train.freeze_embeddings, "Leave the embeddings as they are");
  app.add_option("--eval-every", train.eval_every,
                 "Steps between evaluations (default: an epoch's)")
      ->check(CLI::Range(1, 1 << 30))
      ->type_name("N");
  app.add_option("--patience", train.patience,
                 "Stop after so many evaluations without a better F1 (default: never)")
      ->check(CLI::Range(1, 1 << 30))
      ->type_name("N");
}

void AddData(CLI::App& app, TrainOptions& train) {
  WindowOptions& windows = train.windows;
  const auto count = CLI::Range(0, 1 << 24);
  app.add_option("--window-tokens", windows.window_tokens, "Longest model input")
      ->check(count)
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--overlap-tokens", windows.overlap_tokens,
                 "Tokens that neighbouring windows of a long text share")
      ->check(count)
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--max-question-tokens", windows.max_question_tokens, "A longer question is cut")
      ->check(count)
      ->capture_default_str()
      ->type_name("N");
  AddSwitch(app, "--no-answer", train.no_answer,
            "Train on unanswerable questions (default: on if there are any)");
  app.add_flag("--strict", train.strict, "Refuse data in which an answer is not at its offset");
}

void AddMachine(CLI::App& app, TrainCommandOptions& options) {
  AddThreadsOption(app, options.threads);
  AddChoice<Precision>(
      app, "--precision", options.train.precision,
      {{"auto", Precision::kAuto}, {"fp32", Precision::kFloat32}, {"bf16", Precision::kBFloat16}},
      "What products are computed in; auto: bf16 where that is a gain, else fp32");
  app.add_option("--device", options.train.device, "auto: cuda where there is one")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}).description(""))
      ->capture_default_str()
      ->type_name("auto|cpu|cuda");
  app.add_option("--max-batch-tokens", options.train.max_batch_tokens,
                 "Tokens of one forward and backward pass on one thread; bounds memory")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--save-minutes", options.train.save_minutes, "Between checkpoints")
      ->capture_default_str()
      ->type_name("X");
  app.add_flag("--quiet", options.quiet, "Errors only");
}

void AddTeacher(CLI::App& app, TrainCommandOptions& options) {
  auto* const teacher =
      app.add_option("--teacher", options.teacher, "Distil from this model, of the same vocabulary")
          ->type_name("DIR|NAME");
  app.add_option("--distill-weight", options.train.distill_weight,
                 "Share of the teacher's distributions in the loss")
      ->capture_default_str()
      ->needs(teacher)
      ->type_name("X");
  app.add_option("--distill-temperature", options.train.distill_temperature,
                 "Both distributions are softened with it")
      ->capture_default_str()
      ->needs(teacher)
      ->type_name("X");
}

}  // namespace

void AddTrain(CLI::App& app, Action& action) {
  auto options = std::make_shared<TrainCommandOptions>();  // shared with the callback below
  CLI::App* const train = app.add_subcommand("train", "Fine-tune a model on labelled questions");
  train
      ->add_option("-m,--model", options->base,
                   "The model to begin with, with or without a question-answering head (default: "
                   "$BERTQA_MODEL, else the bundled model)")
      ->type_name("DIR|NAME");
  train->add_flag("--pull", options->pull, "Fetch models from the Hub that are not here");
  train->add_option("--data", options->data, "Training data: SQuAD 1.1 or 2.0, or JSONL")
      ->required()
      ->type_name("FILE");
  train->add_option("--dev", options->dev, "A SQuAD file to evaluate and calibrate on")
      ->type_name("FILE");
  train->add_option("-o,--output", options->output, "The new model directory")
      ->required()
      ->type_name("DIR");
  train->add_flag("--resume", options->resume, "Go on from the checkpoint in the output");
  train->add_flag("--overwrite", options->overwrite, "Replace a run in the output");
  AddRecipe(*train, options->train);
  AddData(*train, options->train);
  AddTeacher(*train, *options);
  AddMachine(*train, *options);
  train->footer(
      "JSONL: an object a line with question, context, answer_text and answer_start\n"
      "(counted in code points, from 0).\n"
      "Data and settings decide the weights: the same command gives the same bits.\n"
      "SIGINT and SIGTERM end it after the step in hand and a checkpoint, with 130 and\n"
      "143; a second one at once.");
  train->callback([options, &action] { action = [options] { return RunTrain(*options); }; });
}

}  // namespace bertqa::cli
