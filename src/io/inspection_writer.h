#pragma once

#include <cstddef>
#include <string>

#include "bertqa/inspect.h"
#include "bertqa/qa.h"
#include "io/offsets.h"
#include "io/terminal_text.h"

namespace bertqa {

/// One line of JSON with its line end, with the keys answer, joint, independent,
/// differ, windows, tokens. Offsets of question tokens count in the question; special tokens have
/// none. With several documents, answers, windows and tokens also say which ("document").
std::string FormatInspectionJson(const QaRequest& request, const Inspection& inspection,
                                 OffsetUnit unit);

/// A table for people: a line a token with its figures, bars, and the marks of both decodes; below
/// it the two answers, whether they differ, and the windows. `width` is the terminal's, in columns;
/// below 60 the table is as for 60. Of more than 200 tokens, runs that both have probabilities
/// below 0.1 % and are far from the answers are folded into a line that counts them.
std::string FormatInspectionTable(const QaRequest& request, const Inspection& inspection,
                                  Color color, std::size_t width);

}  // namespace bertqa
