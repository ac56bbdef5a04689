#include "train/training_log.h"

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

TrainingLog::TrainingLog(std::filesystem::path path, std::size_t kept_steps)
    : path_(std::move(path)) {
  Keep(kept_steps);
  file_.open(path_, std::ios::app);
  if (!file_) {
    throw Error(ErrorCode::kUnwritable, path_.string() + ": cannot write: " + std::strerror(errno));
  }
}

void TrainingLog::Keep(std::size_t kept_steps) {
  std::string kept;
  if (std::filesystem::exists(path_)) {
    std::istringstream lines(ReadFile(path_));
    for (std::string line; std::getline(lines, line);) {
      const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      // A line that the end of the process cut is of a step that is done again.
      if (!json.is_object() || !json.contains("step") || json["step"] > kept_steps) {
        continue;
      }
      kept += line + "\n";
      if (json.contains("loss")) {
        curve_.steps.push_back({json["step"], json["loss"], json.value("learning_rate", 0.0)});
      } else if (json.contains("f1")) {
        curve_.evaluations.push_back({json["step"], json.value("exact", 0.0), json["f1"]});
      }
    }
  }
  WriteFileAtomically(path_, kept);
}

void TrainingLog::Add(const TrainStep& step) {
  const double rate = step.seconds > 0 ? static_cast<double>(step.tokens) / step.seconds : 0;
  curve_.steps.push_back({step.step, step.loss, step.learning_rate});
  Write(Json({{"step", step.step},
              {"epoch", step.epoch},
              {"loss", step.loss},
              {"learning_rate", step.learning_rate},
              {"gradient_norm", step.gradient_norm},
              {"windows", step.windows},
              {"tokens", step.tokens},
              {"tokens_per_second", std::round(rate)}})
            .dump());
}

void TrainingLog::Add(const TrainEvaluation& evaluation) {
  curve_.evaluations.push_back({evaluation.step, evaluation.exact, evaluation.f1});
  Write(Json({{"step", evaluation.step},
              {"exact", evaluation.exact},
              {"f1", evaluation.f1},
              {"is_best", evaluation.is_best}})
            .dump());
}

void TrainingLog::Write(const std::string& line) {
  file_ << line << '\n' << std::flush;
  if (!file_) {
    throw Error(ErrorCode::kUnwritable, path_.string() + ": cannot write: " + std::strerror(errno));
  }
}

}  // namespace bertqa
