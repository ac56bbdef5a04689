#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "bertqa/decode.h"
#include "bertqa/pipeline.h"
#include "bertqa/qa.h"

namespace bertqa {

/// One window of an example, and what the model said about it.
struct ExampleWindow {
  std::size_t document_index = 0;
  Window window;
  std::vector<float> start;  ///< [T], the whole input; empty until encoded
  std::vector<float> end;    ///< [T]
};

/// A request on its way through the rooms: tokens, windows, then logits.
/// Thread-safety: different windows may be filled by different threads.
struct Example {
  Encoding question;                ///< cut to max_question_tokens
  std::vector<Encoding> documents;  ///< one for each of the request's documents
  std::vector<ExampleWindow> windows;
  std::vector<std::string> warnings;

  /// Tokens of an input for window `window_index`, special tokens counted.
  std::size_t WindowTokens(std::size_t window_index, const PairTemplate& pair) const;
  /// Where the context slice begins in an input of this example.
  std::size_t ContextOffset(const PairTemplate& pair) const;
};

/// Tokenizes and cuts into windows. A document without tokens has no window.
std::variant<Example, RecordError> PrepareExample(const QaRequest& request,
                                                  const Tokenizer& tokenizer,
                                                  const QaOptions& options);

/// Appends one window of `example` to a batch.
void AppendExampleWindow(PackedBatch& batch, const Example& example, std::size_t window_index,
                         const PairTemplate& pair);

/// The decoder's view of an encoded example. REQUIRES: every window is encoded; `example` outlives
/// the views.
std::vector<WindowLogits> ViewLogits(const Example& example, const PairTemplate& pair);

/// The answers of an encoded example.
QaResult DecodeExample(const Example& example, const QaRequest& request, const PairTemplate& pair,
                       const QaOptions& options);

}  // namespace bertqa
