#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/process_usage.h"
#include "base/stopwatch.h"
#include "bertqa/answer_options.h"
#include "bertqa/model.h"
#include "bertqa/pipeline.h"
#include "io/answer_text.h"
#include "io/offsets.h"
#include "model_choice.h"

namespace bertqa::cli {

/// Exit statuses (cli.md); those of other errors are in main.cc.
constexpr int kDone = 0;
constexpr int kDoneBut = 1;     ///< no answer, failed records, a bound that was missed
constexpr int kUsageError = 2;  ///< also of an Error{kUsage}

/// The model, threads and messages: options of every command that runs a model.
struct RunOptions {
  ModelChoice model;
  std::size_t threads = 0;  ///< 0: AvailableCores()
  Precision precision = Precision::kAuto;
  std::size_t max_batch_tokens = QaOptions().max_batch_tokens;
  bool quiet = false;
  bool verbose = false;
  std::string color = "auto";
};

/// Runs after parsing; returns the exit status.
using Action = std::function<int()>;

/// An option that takes one of some words; `value` is the default.
template <class Value>
void AddChoice(CLI::App& app, const std::string& name, Value& value,
               const std::map<std::string, Value>& choices, const std::string& help) {
  std::string names;
  std::string chosen;
  for (const auto& [text, choice] : choices) {
    names += (names.empty() ? "" : "|") + text;
    chosen = choice == value ? text : chosen;
  }
  app.add_option(name, value, help)
      ->transform(CLI::CheckedTransformer(choices).description(""))
      ->type_name(names)
      ->default_str(chosen);
}

/// An option that is `off` or `on`, or not given.
void AddSwitch(CLI::App& app, const std::string& name, std::optional<bool>& value,
               const std::string& help);
void AddThreadsOption(CLI::App& app, std::size_t& threads);
/// `--threads`, `--precision`, `--max-batch-tokens`.
void AddComputeOptions(CLI::App& app, RunOptions& run);
void AddRunOptions(CLI::App& app, RunOptions& run);
void AddAnswerOptions(CLI::App& app, AnswerOptions& answer);
void AddOffsetsOption(CLI::App& app, OffsetUnit& offsets);

/// What `--threads` asks for; 0 if it was not given.
std::size_t ThreadsOf(std::size_t threads);

/// A loaded model with the options, and how long loading took.
struct LoadedPipeline {
  QaPipeline pipeline;
  double load_seconds = 0;
};
LoadedPipeline LoadPipeline(const RunOptions& run, const AnswerOptions& answer);

/// The value of an environment variable; "" if it is not set.
std::string Environment(const char* name);

/// A message to stderr: "bertqa: …".
void Note(const std::string& message);

/// What `--verbose` writes to stderr after a run; watches it from construction on.
class VerboseReport {
 public:
  /// `loaded` must outlive this object.
  VerboseReport(const RunOptions& run, const LoadedPipeline& loaded);
  /// Nothing without `--verbose`.
  void Print(const PipelineStats& stats) const;

 private:
  bool enabled_;
  const LoadedPipeline& loaded_;
  ProcessUsage before_;
  Stopwatch watch_;
};

Color ResolveColor(const std::string& color, int descriptor);

/// Writes a result to stdout. Returns false if nobody reads it any more.
bool WriteOut(std::string_view text);

/// One for each file ask.cc, batch.cc, …: adds the subcommand, whose parsing sets `action`.
void AddAsk(CLI::App& app, Action& action);
void AddBatch(CLI::App& app, Action& action);
void AddEval(CLI::App& app, Action& action);
void AddInspect(CLI::App& app, Action& action);
void AddImport(CLI::App& app, Action& action);
void AddExport(CLI::App& app, Action& action);
void AddInfo(CLI::App& app, Action& action);
void AddMerge(CLI::App& app, Action& action);
void AddTrain(CLI::App& app, Action& action);
void AddPull(CLI::App& app, Action& action);
void AddModels(CLI::App& app, Action& action);
void AddServe(CLI::App& app, Action& action);

}  // namespace bertqa::cli
