#include "bertqa/eval.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/utf8.h"
#include "bertqa/area_under_roc.h"
#include "bertqa/calibration.h"
#include "bertqa/error.h"
#include "command.h"
#include "descriptor.h"
#include "eval_answers.h"
#include "io/json_text.h"
#include "io/reliability_diagram.h"
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
  std::string reliability;
  bool json = false;
  bool threshold_search = false;
  std::optional<double> min_f1;
  std::optional<double> min_em;
};

void Check(const EvalCommandOptions& options) {
  options.answer.Validate();
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
  if (has_predictions && !options.run.model.name.empty()) {
    throw Error(ErrorCode::kUsage, "--predictions and --model: no model is needed");
  }
  if (has_predictions && !options.reliability.empty()) {
    throw Error(ErrorCode::kUsage, "--reliability: --predictions have no probabilities");
  }
  for (const std::string& output : {options.save_predictions, options.reliability}) {
    if (!output.empty()) {
      RequireWritable(output);
    }
  }
}

/// The last part of a path, for a title: nothing of one that is not UTF-8.
std::string FileName(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return FindInvalidUtf8(name) ? "" : name;
}

/// Adds `no_answer_auc` where a model answered questions of both kinds.
void ReportSeparation(const SquadFile& file, const EvalAnswers& answers, EvalReport& report) {
  if (const auto area = AreaUnderRoc(ScoreShown(file, answers.shown))) {
    report.figures.push_back({"no_answer_auc", *area});
  }
}

/// Adds `ece`, and writes the diagram if one is wanted.
void ReportCalibration(const SquadFile& file, const EvalAnswers& answers,
                       const EvalCommandOptions& options, EvalReport& report) {
  if (answers.shown.empty() && options.reliability.empty()) {
    return;  // answers from a file, or every question failed
  }
  const std::vector<ReliabilityBin> bins = BinAnswers(JudgeShown(file, answers.shown));
  const double error = ExpectedCalibrationError(bins);
  report.figures.push_back({"ece", 100 * error});
  if (!options.reliability.empty()) {
    const std::string title = "Reliability on " + FileName(options.data);
    WriteFileAtomically(options.reliability, FormatReliabilityDiagramSvg({title, bins, error}));
  }
}

EvalReport Judge(const SquadFile& file, const EvalAnswers& answers,
                 const EvalCommandOptions& options) {
  std::vector<GoldQuestion> gold;
  gold.reserve(file.examples.size());
  for (const SquadExample& example : file.examples) {
    gold.push_back(GoldOf(example));
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
  const SquadFile file = ParseSquad(ReadFileOrPipe(options.data), options.data);
  if (file.examples.empty()) {
    throw Error(ErrorCode::kMalformed, options.data + ": no question in it");
  }
  if (options.threshold_search && file.version == SquadVersion::kV1) {
    throw Error(ErrorCode::kUsage, "--threshold-search: " + options.data +
                                       " is a SQuAD 1.1 file, where every question has an answer");
  }
  const EvalAnswers answers = options.predictions.empty()
                                  ? PredictAnswers(file, options.run, options.answer)
                                  : ReadAnswers(options.predictions, options.na_probs);
  if (!options.save_predictions.empty()) {
    SavePredictions(file, answers, options.save_predictions);
  }
  EvalReport report = Judge(file, answers, options);
  ReportSeparation(file, answers, report);
  ReportCalibration(file, answers, options, report);
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
  eval->add_option(
          "--reliability", options->reliability,
          "Draw ece (expected calibration error, percent; printed where a model runs): are "
          "answers right as often as their probability says? An SVG")
      ->type_name("FILE");
  eval->add_flag("--json", options->json, "The figures as one JSON object");
  eval->add_flag("--threshold-search", options->threshold_search,
                 "Find the --null-threshold that scores best (no_answer_auc, printed where a model "
                 "runs, says how well any can: 0.5 not at all, 1 perfectly)");
  eval->add_option("--min-f1", options->min_f1, "Exit with 1 if F1 is below")->type_name("X");
  eval->add_option("--min-em", options->min_em, "Exit with 1 if exact match is below")
      ->type_name("X");
  AddAnswerOptions(*eval, options->answer);
  AddRunOptions(*eval, options->run);
  eval->callback([options, &action] { action = [options] { return RunEval(*options); }; });
}

}  // namespace bertqa::cli
