#include "bertqa/eval.h"

#include <unistd.h>

#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "bertqa/error.h"
#include "command.h"
#include "descriptor.h"
#include "io/json_text.h"
#include "io/progress.h"
#include "io/squad_reader.h"

namespace bertqa::cli {
namespace {

struct EvalCommandOptions {
  RunOptions run;
  AnswerOptions answer;
  std::string data;
  std::string predictions;
  std::string na_probs;
  std::string save_predictions;
  bool json = false;
  bool threshold_search = false;
  std::optional<double> min_f1;
  std::optional<double> min_em;
};

/// What is judged: the answers given, and for a threshold search the best spans before any
/// threshold and how far "no answer" is ahead of them.
struct Answers {
  Predictions given;
  Predictions best_spans;
  NoAnswerScores scores;
  bool has_scores = false;
};

void Check(const EvalCommandOptions& options) {
  CheckOptions(options.run, options.answer);
  const bool has_predictions = !options.predictions.empty();
  if (!options.na_probs.empty() && !has_predictions) {
    throw Error(ErrorCode::kUsage, "--na-probs belongs to --predictions");
  }
  if (has_predictions && options.threshold_search && options.na_probs.empty()) {
    throw Error(ErrorCode::kUsage, "--threshold-search with --predictions needs --na-probs");
  }
  if (has_predictions && !options.save_predictions.empty()) {
    throw Error(ErrorCode::kUsage, "--predictions and --save-predictions contradict each other");
  }
  if (has_predictions && !options.run.model.empty()) {
    throw Error(ErrorCode::kUsage, "--predictions and --model: no model is needed");
  }
  if (!options.save_predictions.empty()) {
    RequireWritable(options.save_predictions);
  }
}

Answers ReadAnswers(const EvalCommandOptions& options) {
  Answers answers;
  for (auto& [id, text] : ParsePredictions(ReadFile(options.predictions), options.predictions)) {
    answers.given[id] = text;
  }
  answers.best_spans = answers.given;
  if (!options.na_probs.empty()) {
    answers.scores = ParseScores(ReadFile(options.na_probs), options.na_probs);
    answers.has_scores = true;
  }
  return answers;
}

/// How far "no answer" is ahead of the best span: what --null-threshold is compared with.
double NullLead(const QaResult& result) {
  if (!result.null_logit || result.answers.empty()) {
    return std::numeric_limits<float>::max();
  }
  return static_cast<double>(*result.null_logit) -
         static_cast<double>(result.answers.front().logit);
}

Answers PredictAnswers(const SquadFile& file, const EvalCommandOptions& options) {
  const LoadedPipeline loaded = LoadPipeline(options.run, options.answer);
  Progress progress(!options.run.quiet && ::isatty(STDERR_FILENO) == 1, file.examples.size());
  Answers answers;
  answers.has_scores = true;
  std::size_t read = 0;
  std::size_t written = 0;
  const RequestSource source = [&]() -> std::optional<StreamInput> {
    if (read == file.examples.size()) {
      return std::nullopt;
    }
    const SquadExample& example = file.examples[read++];
    return StreamInput{{example.question, {*example.context}, {}}, {}};
  };
  const ResultSink sink = [&](const StreamOutput& output) {
    const std::string& id = file.examples[written++].id;
    progress.Advance();
    QaResult result;  // of a question that failed: no answer
    result.no_answer_reason = NoAnswerReason::kEmptyContext;
    if (const auto* error = std::get_if<RecordError>(&output.outcome)) {
      Note("id " + id + ": " + error->message + "; counted as no answer");
    } else {
      result = std::get<QaResult>(output.outcome);
    }
    answers.best_spans[id] = result.answers.empty() ? "" : result.answers.front().text;
    answers.given[id] = result.has_answer() ? answers.best_spans[id] : "";
    answers.scores.emplace_back(id, NullLead(result));
    return true;
  };
  const VerboseReport report(options.run, loaded);
  const PipelineStats stats = loaded.pipeline.Stream(source, sink);
  progress.Clear();
  report.Print(stats);
  return answers;
}

void SavePredictions(const SquadFile& file, const Answers& answers, const std::string& path) {
  std::string json;
  std::set<std::string_view> seen;
  for (const SquadExample& example : file.examples) {
    if (seen.insert(example.id).second) {
      json += (json.empty() ? "{" : ",\n") + JsonString(example.id) + ": " +
              JsonString(answers.given.at(example.id));
    }
  }
  WriteFileAtomically(path, json.empty() ? "{}\n" : json + "}\n");
}

EvalReport Judge(const SquadFile& file, const Answers& answers, const EvalCommandOptions& options) {
  std::vector<GoldQuestion> gold;
  gold.reserve(file.examples.size());
  for (const SquadExample& example : file.examples) {
    gold.push_back({example.id, example.answers});
  }
  EvalOptions eval;
  eval.version = file.version;
  const bool from_file = !options.predictions.empty();
  if (from_file) {
    eval.no_answer_threshold = options.answer.null_threshold.value_or(eval.no_answer_threshold);
  }
  const NoAnswerScores* const file_scores =
      from_file && answers.has_scores ? &answers.scores : nullptr;
  EvalReport report = Evaluate(gold, answers.given, file_scores, eval);
  if (options.threshold_search) {
    eval.threshold_search = true;
    const EvalReport search = Evaluate(gold, answers.best_spans, &answers.scores, eval);
    for (const EvalReport::Figure& figure : search.figures) {
      if (figure.name.starts_with("best_")) {
        report.figures.push_back(figure);
      }
    }
  }
  return report;
}

std::string FormatReport(const EvalReport& report, bool as_json) {
  std::string text;
  for (const EvalReport::Figure& figure : report.figures) {
    const std::string value = figure.is_count ? std::to_string(static_cast<long long>(figure.value))
                                              : PythonNumberText(figure.value);
    if (as_json) {
      text += (text.empty() ? "{" : ", ") + JsonString(figure.name) + ": " + value;
    } else {
      text += figure.name +
              std::string(figure.name.size() < 18 ? 18 - figure.name.size() : 1, ' ') + value +
              "\n";
    }
  }
  return as_json ? text + "}\n" : text;
}

/// Says which bounds were missed.
bool MeetsBounds(const EvalReport& report, const EvalCommandOptions& options) {
  bool meets = true;
  const auto check = [&](const std::optional<double>& bound, const char* name) {
    if (bound && report[name] < *bound) {
      Note(std::string(name) + " " + PythonNumberText(report[name]) + " is below the bound " +
           PythonNumberText(*bound));
      meets = false;
    }
  };
  check(options.min_em, "exact");
  check(options.min_f1, "f1");
  return meets;
}

void Advise(const SquadFile& file, const EvalReport& report, const EvalCommandOptions& options) {
  if (options.run.quiet) {
    return;
  }
  if (!report.missing_ids.empty()) {
    Note(std::to_string(report.missing_ids.size()) +
         " questions have no prediction, the first is " + report.missing_ids.front());
  }
  if (options.predictions.empty() && file.version == SquadVersion::kV2 &&
      !options.answer.no_answer) {
    Note("the file has unanswerable questions: --no-answer on lets the model abstain");
  }
}

int RunEval(const EvalCommandOptions& options) {
  Check(options);
  const SquadFile file = ParseSquad(ReadFile(options.data), options.data);
  if (file.examples.empty()) {
    throw Error(ErrorCode::kMalformed, options.data + ": no question in it");
  }
  if (options.threshold_search && file.version == SquadVersion::kV1) {
    throw Error(ErrorCode::kUsage, "--threshold-search: " + options.data +
                                       " is a SQuAD 1.1 file, where every question has an answer");
  }
  const Answers answers =
      options.predictions.empty() ? PredictAnswers(file, options) : ReadAnswers(options);
  if (!options.save_predictions.empty()) {
    SavePredictions(file, answers, options.save_predictions);
  }
  const EvalReport report = Judge(file, answers, options);
  Advise(file, report, options);
  WriteOut(FormatReport(report, options.json));
  return MeetsBounds(report, options) ? kDone : kDoneBut;
}

}  // namespace

void AddEval(CLI::App& app, Action& action) {
  auto options = std::make_shared<EvalCommandOptions>();  // shared with the callback below
  CLI::App* const eval = app.add_subcommand(
      "eval", "Exact match and F1 on a SQuAD file, as the official scripts give");
  eval->add_option("FILE", options->data, "A SQuAD 1.1 or 2.0 file")->required()->type_name("PATH");
  eval->add_option("--predictions", options->predictions,
                   "Judge this file ({\"id\": \"answer\"}) instead of running a model")
      ->type_name("FILE");
  eval->add_option("--na-probs", options->na_probs,
                   "No-answer scores of the predictions ({\"id\": 0.1})")
      ->type_name("FILE");
  eval->add_option("--save-predictions", options->save_predictions, "Write the answers here")
      ->type_name("FILE");
  eval->add_flag("--json", options->json, "The figures as one JSON object");
  eval->add_flag("--threshold-search", options->threshold_search,
                 "Find the --null-threshold that scores best");
  eval->add_option("--min-f1", options->min_f1, "Exit with 1 if F1 is below")->type_name("X");
  eval->add_option("--min-em", options->min_em, "Exit with 1 if exact match is below")
      ->type_name("X");
  AddAnswerOptions(*eval, options->answer);
  AddRunOptions(*eval, options->run);
  eval->callback([options, &action] { action = [options] { return RunEval(*options); }; });
}

}  // namespace bertqa::cli
