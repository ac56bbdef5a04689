#include "command.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/cores.h"
#include "base/files.h"
#include "base/stopwatch.h"
#include "bertqa/error.h"
#include "io/option_words.h"
#include "io/run_report.h"

namespace bertqa::cli {
std::size_t ThreadsOf(std::size_t threads) {
  return threads == 0 ? AvailableCores() : threads;
}

void AddThreadsOption(CLI::App& app, std::size_t& threads) {
  app.add_option("-t,--threads", threads, "Threads (default: the cores this process may use)")
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
}

void AddSwitch(CLI::App& app, const std::string& name, std::optional<bool>& value,
               const std::string& help) {
  app.add_option(name, value, help)
      ->transform(CLI::CheckedTransformer(std::map<std::string, bool>{{"off", false}, {"on", true}})
                      .description(""))
      ->type_name("off|on");
}

void AddComputeOptions(CLI::App& app, RunOptions& run) {
  AddThreadsOption(app, run.threads);
  AddChoice<Precision>(
      app, "--precision", run.precision,
      {{"auto", Precision::kAuto},
       {"fp32", Precision::kFloat32},
       {"bf16", Precision::kBFloat16},
       {"int8", Precision::kInt8}},
      "What products are computed in; auto: the fastest that loses no more than 0.1 F1");
  app.add_option("--max-batch-tokens", run.max_batch_tokens,
                 "Tokens of one forward pass; bounds memory, changes no result")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str()
      ->type_name("N");
}

void AddRunOptions(CLI::App& app, RunOptions& run) {
  AddModelOption(app, run.model);
  AddComputeOptions(app, run);
  auto* const quiet = app.add_flag("--quiet", run.quiet, "Errors only: no warnings, no progress");
  app.add_flag("--verbose", run.verbose, "Stage times and counts on stderr")->excludes(quiet);
  app.add_option("--color", run.color, "Colour on a terminal")
      ->check(CLI::IsMember({"auto", "always", "never"}).description(""))
      ->type_name("auto|always|never")
      ->capture_default_str();
}

void AddOffsetsOption(CLI::App& app, OffsetUnit& offsets) {
  AddChoice<OffsetUnit>(app, "--offsets", offsets, OffsetWords(), "What start and end count");
}

void AddAnswerOptions(CLI::App& app, AnswerOptions& answer) {
  const auto positive = CLI::Range(1, 1 << 24);
  app.add_option("-k,--top-k", answer.top_k, "Answers a question, best first")
      ->check(positive)
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--max-answer-tokens", answer.max_answer_tokens, "Longest answer")
      ->check(positive)
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--max-question-tokens", answer.max_question_tokens,
                 "Longest question; the rest is cut, with a warning")
      ->check(positive)
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--window-tokens", answer.window_tokens,
                 "Longest model input (default: 384, or what the model allows)")
      ->check(positive)
      ->type_name("N");
  app.add_option("--overlap-tokens", answer.overlap_tokens,
                 "Tokens that neighbouring windows of a long text share (default: 128)")
      ->check(CLI::Range(0, 1 << 24))
      ->type_name("N");
  AddChoice<Dedupe>(
      app, "--dedupe", answer.dedupe, DedupeWords(),
      "Which further answers are hidden: those that overlap a better one, those of the same text");
  AddChoice<DecodeMode>(
      app, "--decode", answer.decode, DecodeWords(),
      "joint: the best span; independent: the best start and the best end, each on its own");
  AddSwitch(app, "--no-answer", answer.no_answer,
            "Whether there may be no answer (default: what the model was trained for)");
  app.add_option("--null-threshold", answer.null_threshold,
                 "No answer if null logit - best logit is above this (default: the model's)")
      ->type_name("X");
}

LoadedPipeline LoadPipeline(const RunOptions& run, const AnswerOptions& answer) {
  const Stopwatch watch;
  const LoadOptions load{.precision = run.precision, .threads = ThreadsOf(run.threads)};
  ModelChoice choice = run.model;
  choice.quiet = run.quiet;
  auto model = std::make_shared<const Model>(LoadModel(ResolveModel(choice), load));
  for (const std::string& warning : run.quiet ? std::vector<std::string>() : model->warnings) {
    Note("warning: " + warning);
  }
  QaOptions options = answer.For(*model);
  options.max_batch_tokens = run.max_batch_tokens;
  options.threads = ThreadsOf(run.threads);
  QaPipeline pipeline(std::move(model), options);
  return {std::move(pipeline), watch.seconds()};
}

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

void Note(const std::string& message) {
  std::fputs(("bertqa: " + message + "\n").c_str(), stderr);
}

VerboseReport::VerboseReport(const RunOptions& run, const LoadedPipeline& loaded)
    : enabled_(run.verbose), loaded_(loaded), before_(ReadProcessUsage()) {}

void VerboseReport::Print(const PipelineStats& stats) const {
  if (!enabled_) {
    return;
  }
  const QaModel& model = *loaded_.pipeline.model().qa;
  const ProcessUsage after = ReadProcessUsage();
  RunFacts facts;
  facts.run_seconds = watch_.seconds();
  facts.stats = stats;
  facts.compute = model.compute_info();
  facts.precision = NameOf(facts.compute.precision);
  facts.threads = loaded_.pipeline.options().threads;
  facts.load_seconds = loaded_.load_seconds;
  facts.user_seconds = after.user_seconds - before_.user_seconds;
  facts.system_seconds = after.system_seconds - before_.system_seconds;
  facts.page_faults = after.page_faults - before_.page_faults;
  facts.peak_bytes = after.peak_bytes;
  facts.peak_gflops = model.MeasurePeakGflops(facts.threads);  // last: it takes time of its own
  std::fputs(FormatRunReport(facts).c_str(), stderr);
}

Color ResolveColor(const std::string& color, int descriptor) {
  if (color != "auto") {
    return color == "always" ? Color::kOn : Color::kOff;
  }
  const bool is_wanted = Environment("NO_COLOR").empty() && Environment("TERM") != "dumb";
  return is_wanted && ::isatty(descriptor) == 1 ? Color::kOn : Color::kOff;
}

bool WriteOut(std::string_view text) {
  return WriteDescriptor(STDOUT_FILENO, text, "standard output");
}

}  // namespace bertqa::cli
