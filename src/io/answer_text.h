#pragma once

#include <string>
#include <vector>

#include "bertqa/qa.h"
#include "io/terminal_text.h"

namespace bertqa {

/// What `ask` shows a person or a script.
struct AnswerTextFormat {
  std::vector<std::string> files;  ///< names of the documents; empty: the text has no name
  bool several = false;            ///< --top-k above 1: a line each, with its probability
  Color color = Color::kOff;
};

/// For a pipe: the answer alone, one line a question, white space folded; `FILE:LINE:answer` with
/// several files; `probability<TAB>…` lines, best first, with `several`. No answer: an empty line.
std::string FormatPlainAnswer(const QaRequest& request, const QaResult& result,
                              const AnswerTextFormat& format);

/// For a terminal: the answer, its probability, file and line, and the sentence around it with the
/// answer highlighted.
std::string FormatTerminalAnswer(const QaRequest& request, const QaResult& result,
                                 const AnswerTextFormat& format);

/// The line of a byte offset, from 1.
std::size_t LineOf(const std::string& text, std::size_t byte_offset);

}  // namespace bertqa
