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

/// What is wrong with a teacher, before anything is computed. Throws Error{kUsage} if it has
/// another vocabulary than `student`, since its tokens would be others, or does not take windows so
/// long; what reading a model's configuration and vocabulary throws.
void CheckTeacher(const std::filesystem::path& teacher, const Tokenizer& student,
                  std::size_t window_tokens);

/// A name for what a teacher's logits depend on: the windows and the teacher's weights.
std::string NameOfTeaching(const TrainingSet& set, const std::filesystem::path& teacher);

/// Start and end logits of another model for every window of a training set (Hinton et al. 2015),
/// computed once and kept in a file, from which they are mapped.
class TeacherLogits {
 public:
  struct Request {
    std::filesystem::path teacher;  ///< model directory
    std::filesystem::path file;     ///< of the logits: read if it is of the same work, else written
    std::size_t threads = 1;
    std::function<void(const std::string& message)> note;
    std::function<bool()> should_stop;  ///< asked by the calling thread while it computes
  };

  /// REQUIRES: CheckTeacher found nothing. Throws what LoadModel throws; Error{kUnwritable}.
  TeacherLogits(const Request& request, const TrainingSet& set);
  /// True if it was asked to stop before all logits were there: it is of no use then.
  bool was_stopped() const { return file_ == nullptr; }

  /// Appends those of window `window_index` to a batch that it was appended to.
  void Append(TrainingBatch& batch, std::size_t window_index) const;

 private:
  std::unique_ptr<const WeightsFile> file_;
  TensorBytes start_;  // [sum of all windows' tokens], fp32
  TensorBytes end_;
  std::vector<std::size_t> offsets_;  // [W + 1]
};

}  // namespace bertqa
