#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autograd/engine.h"

namespace bertqa {

/// How far a run is, beside the engine's state.
struct TrainProgress {
  std::size_t step = 0;  ///< steps done
  std::optional<double> best_f1;
  std::optional<double> best_exact;
  std::size_t best_step = 0;
  std::size_t evaluations_since_best = 0;
  bool is_done = false;
  /// What must be the same for a resumed run to give what one run would have given, by name.
  std::map<std::string, std::string> conditions;
};

/// `checkpoint.json` and the tensors that it names, in one folder. A new checkpoint is whole before
/// the old one is forgotten: whenever the process dies, one of them can be read.
class CheckpointFile {
 public:
  explicit CheckpointFile(std::filesystem::path folder) : folder_(std::move(folder)) {}

  bool exists() const;
  /// Of a run without a step yet: the progress only.
  void SaveBeginning(const TrainProgress& progress) const;
  /// Throws Error{kUnwritable}; the last checkpoint is still there then.
  void Save(const TrainProgress& progress, const std::vector<StateTensor>& state) const;
  /// Of a run that is done: the progress only, and no tensors any more.
  void SaveDone(const TrainProgress& progress) const;
  /// Throws Error{kUnreadable, kMalformed}.
  TrainProgress LoadProgress() const;
  /// Removes tensors of which no checkpoint speaks: of one that could not be finished.
  void RemoveStale(const TrainProgress& progress) const;
  /// Fills `state` by name. Throws Error{kUnreadable, kMalformed}.
  void LoadState(const std::vector<StateTensor>& state) const;

 private:
  std::filesystem::path JsonPath() const { return folder_ / "checkpoint.json"; }
  std::filesystem::path TensorPath(std::size_t step) const;
  void Write(const TrainProgress& progress, const std::string& tensor_file) const;
  void RemoveTensorsBut(const std::filesystem::path& kept) const;

  std::filesystem::path folder_;
};

}  // namespace bertqa
