#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "autograd/engine.h"
#include "bertqa/tokenizer.h"
#include "encoder/weights.h"
#include "train/training_set.h"

namespace bertqa {

/// Start and end logits of another model for every window of a training set (Hinton et al. 2015),
/// computed once and kept in a file, from which they are mapped.
class TeacherLogits {
 public:
  struct Request {
    std::filesystem::path teacher;  ///< model directory
    std::filesystem::path file;     ///< of the logits: read if it is of the same work, else written
    std::size_t threads = 1;
    std::function<void(const std::string& message)> note;
  };

  /// Throws Error{kUsage} if the teacher has another vocabulary than `tokenizer`: its tokens would
  /// be others; what LoadModel throws; Error{kUnwritable}.
  TeacherLogits(const Request& request, const TrainingSet& set, const Tokenizer& tokenizer);

  /// Appends those of window `window_index` to a batch that it was appended to.
  void Append(TrainingBatch& batch, std::size_t window_index) const;

 private:
  void Map(const std::filesystem::path& file);

  std::unique_ptr<const WeightsFile> file_;
  TensorBytes start_;  // [sum of all windows' tokens], fp32
  TensorBytes end_;
  std::vector<std::size_t> offsets_;  // [W + 1]
};

}  // namespace bertqa
