#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "base/staged_file.h"
#include "bertqa/train.h"
#include "io/learning_curve.h"

namespace bertqa {

/// `log.jsonl`: a line of JSON for each step and each evaluation, flushed as it is written.
class TrainingLog {
 public:
  /// Opens the log and keeps what it says of the steps up to `kept_steps`: a run that is resumed
  /// writes later ones again. Throws Error{kUnwritable}.
  TrainingLog(std::filesystem::path path, std::size_t kept_steps);

  /// Throw Error{kUnwritable}.
  void Add(const TrainStep& step);
  void Add(const TrainEvaluation& evaluation);
  /// What was logged outlasts a power loss.
  void Sync() const { SyncFile(path_); }

  /// What was logged so far, resumed steps included.
  const LearningCurve& curve() const { return curve_; }

 private:
  void Keep(std::size_t kept_steps);
  void Write(const std::string& line);

  std::filesystem::path path_;
  std::ofstream file_;
  LearningCurve curve_;
};

}  // namespace bertqa
