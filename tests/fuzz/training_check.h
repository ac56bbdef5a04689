#pragma once

#include "base/utf8.h"
#include "fuzz/fuzz_target.h"
#include "io/training_reader.h"

namespace bertqa::fuzz {

/// An answer is a part of its context that is not empty, on character boundaries.
inline void CheckTrainingData(const TrainingData& data) {
  for (const TrainingExample& example : data.examples) {
    const std::string& context = *example.context;
    Require(!FindInvalidUtf8(context) && !FindInvalidUtf8(example.question),
            "the texts of an example are UTF-8");
    if (example.answer) {
      Require(example.answer->begin < example.answer->end &&
                  IsBoundary(context, example.answer->begin) &&
                  IsBoundary(context, example.answer->end),
              "an answer is a part of its context");
    }
  }
  for (const SkippedExample& skipped : data.skipped) {
    Require(!skipped.reason.empty() && !FindInvalidUtf8(skipped.reason),
            "what is passed over says why");
  }
}

}  // namespace bertqa::fuzz
