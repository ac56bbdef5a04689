#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "autograd/engine.h"
#include "base/files.h"
#include "base/stopwatch.h"
#include "bertqa/train.h"
#include "model/base_model.h"
#include "train/checkpoint_file.h"
#include "train/dev_set.h"
#include "train/schedule.h"
#include "train/teacher.h"
#include "train/training_log.h"
#include "train/training_set.h"

namespace bertqa {

/// Everything that a run works with, made once (prepare.cc).
struct TrainRun {
  TrainPaths paths;
  TrainOptions options;  ///< with nothing left to choose
  Descriptor lock{-1};   ///< of the output, against other processes
  BaseModel base;
  TrainingSet set;
  bool trains_no_answer = false;
  std::unique_ptr<TrainingEngine> engine;
  std::unique_ptr<DevSet> dev;             ///< or null
  std::unique_ptr<TeacherLogits> teacher;  ///< or null
  TrainProgress progress;
  bool is_stopped = false;  ///< the observer wanted it before the first step: nothing to run
};

/// Reads and checks what `paths` names, before the output is touched; then takes possession of the
/// output.
std::unique_ptr<TrainRun> PrepareRun(const TrainPaths& paths, const TrainOptions& options,
                                     const TrainObserver& observer);

/// The loop over steps.
class Trainer {
 public:
  /// Both must outlive this object.
  Trainer(TrainRun& run, const TrainObserver& observer);

  TrainResult Run();

 private:
  std::vector<TrainingBatch> MakeBatches(std::size_t step);
  bool IsEvaluationDue() const;
  bool IsOutOfPatience() const;
  void DoStep();
  void Evaluate();
  void Save();
  TrainResult Finish();
  TrainResult Interrupt();
  Checkpoint Weights() const;
  TrainResult MakeResult() const;

  TrainRun& run_;
  const TrainObserver& observer_;
  std::size_t steps_per_epoch_;
  std::size_t total_steps_;
  LinearSchedule schedule_;
  CheckpointFile checkpoint_;
  TrainingLog log_;
  std::size_t order_epoch_ = 0;  // whose order `order_` is
  std::vector<std::size_t> order_;
  Stopwatch since_save_;
};

}  // namespace bertqa
