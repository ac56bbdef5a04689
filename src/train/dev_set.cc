#include "train/dev_set.h"

#include <variant>

#include "base/files.h"
#include "bertqa/calibration.h"
#include "bertqa/error.h"
#include "encoder/task_team.h"
#include "pipeline/encode.h"

namespace bertqa {
namespace {

std::string BestText(const QaResult& result) {
  return result.answers.empty() ? std::string() : result.answers.front().text;
}

}  // namespace

DevSet::DevSet(const std::filesystem::path& path, const Tokenizer& tokenizer,
               const QaOptions& options)
    : file_(ParseSquad(ReadFileOrPipe(path), path.string())),
      options_(options),
      pair_(tokenizer.pair_template()) {
  for (const SquadExample& example : file_.examples) {
    requests_.push_back({example.question, {*example.context}, {}});
    auto prepared = PrepareExample(requests_.back(), tokenizer, options_);
    if (const auto* error = std::get_if<RecordError>(&prepared)) {
      throw Error(ErrorCode::kMalformed,
                  path.string() + ": id " + example.id + ": " + error->message);
    }
    examples_.push_back(std::get<Example>(std::move(prepared)));
  }
  if (examples_.empty()) {
    throw Error(ErrorCode::kMalformed, path.string() + ": no question in it");
  }
}

void DevSet::Encode(const Model& model, std::size_t threads) {
  std::vector<WindowPlace> places;
  std::vector<std::size_t> lengths;
  for (Example& example : examples_) {
    for (std::size_t window = 0; window < example.windows.size(); ++window) {
      places.push_back({example, window});
      lengths.push_back(example.WindowTokens(window, pair_));
    }
  }
  const std::vector<BatchPlan> plans = PlanBatches(lengths, options_.max_batch_tokens);
  TaskTeam(threads).ForEach(plans.size(), [&](std::size_t plan, std::size_t) {
    std::vector<WindowPlace> batch;
    for (const std::size_t index : plans[plan].window_indices) {
      batch.push_back(places[index]);
    }
    for (const std::optional<RecordError>& error : EncodeWindows(batch, model, /*threads=*/1)) {
      if (error) {
        throw Error(ErrorCode::kInternal, error->message);
      }
    }
  });
}

std::vector<QaResult> DevSet::Decode(const QaOptions& options) const {
  std::vector<QaResult> results;
  results.reserve(examples_.size());
  for (std::size_t index = 0; index < examples_.size(); ++index) {
    results.push_back(DecodeExample(examples_[index], requests_[index], pair_, options));
  }
  return results;
}

EvalReport DevSet::Judge() const {
  std::vector<GoldQuestion> gold;
  Predictions best;
  NoAnswerScores scores;
  const std::vector<QaResult> results = Decode(options_);
  for (std::size_t index = 0; index < results.size(); ++index) {
    const SquadExample& example = file_.examples[index];
    gold.push_back({example.id, example.answers});
    best[example.id] = BestText(results[index]);
    scores.emplace_back(example.id, results[index].null_lead());
  }
  EvalOptions options;
  options.version = file_.version;
  options.threshold_search = has_unanswerable();
  return Evaluate(gold, best, options.threshold_search ? &scores : nullptr, options);
}

double DevSet::FitTemperature(double null_threshold) const {
  QaOptions options = options_;
  options.no_answer = has_unanswerable();
  options.null_threshold = null_threshold;
  const AnswersAtTemperature answers = [&](double temperature) {
    options.temperature = temperature;
    std::vector<JudgedAnswer> judged;
    const std::vector<QaResult> results = Decode(options);
    for (std::size_t index = 0; index < results.size(); ++index) {
      const SquadExample& example = file_.examples[index];
      const QaResult& result = results[index];
      const std::string given = result.has_answer() ? BestText(result) : std::string();
      judged.push_back({static_cast<double>(result.given_probability()),
                        IsExactMatch({example.id, example.answers}, given, file_.version)});
    }
    return judged;
  };
  return bertqa::FitTemperature(answers).temperature;
}

}  // namespace bertqa
