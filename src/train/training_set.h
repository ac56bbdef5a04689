#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bertqa/tokenizer.h"
#include "bertqa/training_data.h"
#include "bertqa/window.h"

namespace bertqa {

/// The ids of one example; the question is cut to WindowOptions::max_question_tokens.
struct TokenizedExample {
  std::vector<TokenId> question;
  std::vector<TokenId> context;
};

/// One model input with its targets: positions in the input `[CLS] q [SEP] slice [SEP]`, both
/// inclusive. They are the null position where the answer is not whole in the window (or there is
/// none), as in the question-answering tutorial of Hugging Face and in run_squad.py.
struct TrainingWindow {
  std::size_t example_index = 0;
  Window window;
  std::size_t tokens = 0;  ///< of the input, special tokens counted
  std::size_t start_position = 0;
  std::size_t end_position = 0;
};

/// What labelling found.
struct TrainingCounts {
  std::size_t examples = 0;      ///< that have a window
  std::size_t unanswerable = 0;  ///< of them
  std::size_t windows = 0;
  std::size_t null_windows = 0;   ///< windows whose target is the null position
  std::size_t cut_answers = 0;    ///< answers that are whole in no window: longer than the overlap
  std::size_t cut_questions = 0;  ///< longer than max_question_tokens
  std::size_t empty = 0;          ///< without a window: no token in the question, context or answer
};

/// Tokenized and labelled examples. `windows` are in the order of the examples.
struct TrainingSet {
  std::vector<TokenizedExample> examples;
  std::vector<TrainingWindow> windows;
  TrainingCounts counts;
};

/// Tokenizes, cuts into windows and labels, on `threads` threads; the result does not depend on
/// them. An answer that begins or ends inside a token takes the whole token; one without tokens
/// (white space) leaves its example without a window.
/// Throws Error{kBadUtf8} that names the example, the first in order; Error{kUsage} as
/// WindowOptions::Validate.
TrainingSet BuildTrainingSet(std::span<const TrainingExample> examples, const Tokenizer& tokenizer,
                             const WindowOptions& options, std::size_t threads);

/// Appends window `window_index` of `set` to a batch.
void AppendTrainingWindow(PackedBatch& batch, const TrainingSet& set, std::size_t window_index,
                          const PairTemplate& pair);

}  // namespace bertqa
