#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bertqa/qa.h"
#include "bertqa/tokenizer.h"

namespace bertqa {

enum class Segment { kSpecial, kQuestion, kContext };

/// One token with the figures of one window. Question and special tokens come once a window, a
/// context token once in all, with its max-context window.
struct InspectedToken {
  TokenId id = 0;
  std::string piece;  ///< as the vocabulary spells it
  Segment segment = Segment::kSpecial;
  std::size_t document_index = 0;
  std::size_t window_index = 0;
  std::optional<ByteSpan> span;  ///< into the question or the document; nothing if special
  float start_logit = 0;
  float end_logit = 0;
  /// Soft-max over all tokens of the window (BERT, Devlin et al. 2019, section 4.2, P_i): what the
  /// model was trained to say, not comparable over windows.
  float start_probability = 0;
  float end_probability = 0;
};

/// One model input, as context tokens of its document: `first` and `last` inclusive.
struct InspectedWindow {
  std::size_t document_index = 0;
  std::size_t first_token = 0;
  std::size_t last_token = 0;
};

/// How an answer came about: every token's figures, and the two decodes side by side.
struct Inspection {
  std::vector<InspectedToken> tokens;
  std::vector<InspectedWindow> windows;
  QaResult joint;        ///< as QaPipeline::Ask gives it, whatever options().decode says
  QaResult independent;  ///< the highest start and the highest end, each on its own
};

}  // namespace bertqa
