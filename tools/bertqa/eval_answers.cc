#include "eval_answers.h"

#include <unistd.h>

#include <optional>
#include <set>
#include <string_view>

#include "base/files.h"
#include "io/json_text.h"
#include "io/progress.h"

namespace bertqa::cli {
namespace {

/// Takes the results in, in the order of the questions.
class AnswerCollector {
 public:
  explicit AnswerCollector(const SquadFile& file) : file_(file) { answers_.has_scores = true; }

  void Take(const std::variant<QaResult, RecordError>& outcome) {
    const std::size_t index = taken_++;
    const std::string& id = file_.examples[index].id;
    if (const auto* error = std::get_if<RecordError>(&outcome)) {
      Note("id " + id + ": " + error->message + "; counted as no answer");
      QaResult none;
      none.no_answer_reason = NoAnswerReason::kEmptyContext;
      Add(id, none);
      return;
    }
    const QaResult& result = std::get<QaResult>(outcome);
    Add(id, result);
    answers_.shown.push_back({index, answers_.given[id],
                              static_cast<double>(result.given_probability()), result.null_lead()});
  }

  EvalAnswers Finish() { return std::move(answers_); }

 private:
  void Add(const std::string& id, const QaResult& result) {
    answers_.best_spans[id] = result.answers.empty() ? "" : result.answers.front().text;
    answers_.given[id] = result.has_answer() ? answers_.best_spans[id] : "";
    answers_.scores.emplace_back(id, result.null_lead());
  }

  const SquadFile& file_;
  EvalAnswers answers_;
  std::size_t taken_ = 0;
};

}  // namespace

EvalAnswers ReadAnswers(const std::string& predictions, const std::string& na_probs) {
  EvalAnswers answers;
  for (auto& [id, text] : ParsePredictions(ReadFileOrPipe(predictions), predictions)) {
    answers.given[id] = text;
  }
  answers.best_spans = answers.given;
  if (!na_probs.empty()) {
    answers.scores = ParseScores(ReadFileOrPipe(na_probs), na_probs);
    answers.has_scores = true;
  }
  return answers;
}

EvalAnswers PredictAnswers(const SquadFile& file, const RunOptions& run,
                           const AnswerOptions& answer) {
  const LoadedPipeline loaded = LoadPipeline(run, answer);
  Progress progress(!run.quiet && ::isatty(STDERR_FILENO) == 1, file.examples.size());
  std::size_t read = 0;
  const RequestSource source = [&]() -> std::optional<StreamInput> {
    if (read == file.examples.size()) {
      return std::nullopt;
    }
    const SquadExample& example = file.examples[read++];
    return StreamInput{{example.question, {*example.context}, {}}, {}};
  };
  AnswerCollector collector(file);
  const ResultSink sink = [&](const StreamOutput& output) {
    progress.Advance();
    collector.Take(output.outcome);
    return true;
  };
  const VerboseReport report(run, loaded);
  const PipelineStats stats = loaded.pipeline.Stream(source, sink);
  progress.Clear();
  report.Print(stats);
  return collector.Finish();
}

void SavePredictions(const SquadFile& file, const EvalAnswers& answers, const std::string& path) {
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

GoldQuestion GoldOf(const SquadExample& example) {
  return {example.id, example.answers};
}

std::vector<JudgedAnswer> JudgeShown(const SquadFile& file, const std::vector<ShownAnswer>& shown) {
  std::vector<JudgedAnswer> judged;
  judged.reserve(shown.size());
  for (const ShownAnswer& answer : shown) {
    const GoldQuestion gold = GoldOf(file.examples[answer.example_index]);
    judged.push_back({answer.probability, IsExactMatch(gold, answer.text, file.version)});
  }
  return judged;
}

std::vector<ScoredQuestion> ScoreShown(const SquadFile& file,
                                       const std::vector<ShownAnswer>& shown) {
  std::vector<ScoredQuestion> scored;
  scored.reserve(shown.size());
  for (const ShownAnswer& answer : shown) {
    scored.push_back({answer.no_answer_score, file.examples[answer.example_index].answers.empty()});
  }
  return scored;
}

}  // namespace bertqa::cli
