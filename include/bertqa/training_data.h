#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// One labelled question. Its context is shared with the other questions of the paragraph.
struct TrainingExample {
  std::string id;  ///< "line 7" where a JSONL record has none
  std::string question;
  std::shared_ptr<const std::string> context;
  std::optional<ByteSpan> answer;  ///< bytes of `*context`, not empty; nothing: unanswerable
};

/// A record that cannot be trained on, and why.
struct SkippedExample {
  std::string id;
  std::string reason;  ///< "answer \"Paris\" is expected at 3, found \"is in\""
};

struct TrainingData {
  std::vector<TrainingExample> examples;
  std::vector<SkippedExample> skipped;
};

}  // namespace bertqa
