#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// An answer as a file has it.
struct LabelledAnswer {
  std::string text;
  std::optional<std::int64_t> start;  ///< code points from the context's beginning
};

/// Finds answers in one context, and says why not.
class AnswerFinder {
 public:
  /// `context` must outlive the finder and be valid UTF-8.
  explicit AnswerFinder(std::string_view context) : context_(context) {}

  /// The answer's bytes, or nothing if it is empty or not at its offset.
  std::optional<ByteSpan> Find(const LabelledAnswer& answer);

  /// Expectation and finding of the first answer that was not found.
  const std::string& why_not() const { return why_not_; }

 private:
  std::nullopt_t Miss(std::string why_not);

  std::string_view context_;
  std::string why_not_;
};

}  // namespace bertqa
