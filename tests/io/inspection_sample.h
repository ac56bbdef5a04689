#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bertqa/inspect.h"
#include "bertqa/qa.h"

namespace bertqa {

/// An inspection made up by hand: words at spaces are tokens, figures are set one by one.
struct InspectionSample {
  QaRequest request;
  Inspection inspection;

  /// Appends window `window_index` over the words `[first, last]` of document 0.
  void AddWindow(std::size_t first, std::size_t last);
  /// Sets start and end of the n-th context token listed.
  void SetStart(std::size_t context_token, float logit, float probability);
  void SetEnd(std::size_t context_token, float logit, float probability);
  /// An answer over the context tokens listed, `first` to `last`.
  QaResult AnswerOf(std::size_t first, std::size_t last, float probability) const;

  InspectedToken& ContextToken(std::size_t context_token);
};

InspectionSample MakeSample(std::string_view question, std::string_view context);

/// The whole context in one window.
InspectionSample MakeOneWindowSample(std::string_view question, std::string_view context);

/// Spans of words: runs without white space.
std::vector<ByteSpan> WordSpans(std::string_view text);

}  // namespace bertqa
