#pragma once

#include <filesystem>
#include <vector>

#include "bertqa/eval.h"
#include "bertqa/model.h"
#include "bertqa/qa.h"
#include "io/squad_reader.h"
#include "pipeline/example.h"

namespace bertqa {

/// A SQuAD file to judge models by, again and again: tokenized once.
class DevSet {
 public:
  /// Throws Error{kUnreadable, kMalformed, kBadUtf8}; kMalformed if there is no question in it.
  DevSet(const std::filesystem::path& path, const Tokenizer& tokenizer, const QaOptions& options);

  bool has_unanswerable() const { return file_.version == SquadVersion::kV2; }

  /// Computes the logits of all windows, on `threads` threads. `model` has the tokenizer's
  /// vocabulary. What follows is about the model that was encoded with last.
  void Encode(const Model& model, std::size_t threads);

  /// Figures as `bertqa eval` gives them; on a 2.0 file those of `--threshold-search` too.
  /// REQUIRES: Encode.
  EvalReport Judge() const;

  /// The temperature at which probabilities are closest to the share of answers that are right,
  /// abstaining by `null_threshold` where the file has unanswerable questions. REQUIRES: Encode.
  double FitTemperature(double null_threshold) const;

 private:
  std::vector<QaResult> Decode(const QaOptions& options) const;

  SquadFile file_;
  QaOptions options_;
  PairTemplate pair_;
  std::vector<QaRequest> requests_;
  std::vector<Example> examples_;
};

}  // namespace bertqa
