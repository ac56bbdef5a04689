#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bertqa/inspect.h"
#include "bertqa/qa.h"
#include "io/decode_marks.h"

namespace bertqa {

/// One piece of the picture's text and where it stands. Heights are counted in half lines: a blank
/// line is half as high as one with text.
struct PlacedText {
  std::optional<std::size_t> token_index;  ///< of Inspection::tokens; nothing: text between tokens
  std::string text;
  std::size_t half_line = 0;
  double x = 0;  ///< from the left edge of the text
  double width = 0;
};

/// The text of a heat map, broken into lines.
struct HeatMapLayout {
  std::vector<PlacedText> pieces;
  std::size_t half_lines = 0;
  std::size_t document_index = 0;
  std::size_t token_count = 0;  ///< of the document
  std::size_t shown_count = 0;
};

/// Lays the document of the answer out in lines of `width`, as it stands: word pieces joined, line
/// ends kept. Context tokens far from the answers are left out, with an ellipsis in their place.
HeatMapLayout LayOutHeatMap(const QaRequest& request, const Inspection& inspection,
                            const DecodeMarks& marks, double font_size, double width);

}  // namespace bertqa
