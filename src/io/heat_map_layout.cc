#include "io/heat_map_layout.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "io/svg_text.h"

namespace bertqa {
namespace {

/// A text up to this long is drawn whole; of a longer one, this many tokens beside each answer.
constexpr std::size_t kWholeUpTo = 250;
constexpr std::size_t kTokensBeside = 80;
/// A longer token is cut: nobody reads on there.
constexpr std::size_t kLongestTokenBytes = 160;
/// Wider than a typeface has it: outlines need the room.
constexpr double kSpaceEm = 0.5;
constexpr std::string_view kAsciiSpace = " \t\n\v\f\r";

/// What stands before a piece.
enum class Gap { kNone, kSpace, kLineEnd, kBlankLine };

struct Piece {
  PlacedText placed;
  Gap before = Gap::kNone;
};

Gap GapOf(std::string_view space) {
  const auto line_ends = std::count(space.begin(), space.end(), '\n');
  if (line_ends > 0) {
    return line_ends > 1 ? Gap::kBlankLine : Gap::kLineEnd;
  }
  return space.empty() ? Gap::kNone : Gap::kSpace;
}

/// The longest beginning of whole characters.
std::string CutLong(std::string_view text) {
  if (text.size() <= kLongestTokenBytes) {
    return std::string(text);
  }
  std::size_t end = kLongestTokenBytes;
  while (IsContinuationByte(text[end])) {
    --end;
  }
  return std::string(text.substr(0, end)) + "…";
}

/// Cuts a document into pieces, from the first token shown to the last.
class PieceCutter {
 public:
  PieceCutter(std::string_view text, double font_size) : text_(text), font_size_(font_size) {}

  void AddToken(std::size_t token_index, ByteSpan span) {
    if (position_ < span.begin) {
      AddBetween(text_.substr(position_, span.begin - position_));
    }
    const std::size_t begin = std::max(position_, span.begin);
    // Characters that become several tokens give all of them the same span: the first shows it.
    const std::string_view text = begin < span.end ? text_.substr(begin, span.end - begin) : "";
    Add(CutLong(text), token_index);
    position_ = std::max(position_, span.end);
  }

  /// Tokens up to the one at byte `end` are left out.
  void SkipTo(std::size_t end) {
    gap_ = pieces_.empty() ? Gap::kNone : Gap::kSpace;
    Add("…", std::nullopt);
    gap_ = Gap::kSpace;
    position_ = end;
  }

  std::vector<Piece> Take() { return std::move(pieces_); }

 private:
  /// Text that no token covers: white space, or characters that the tokenizer drops.
  void AddBetween(std::string_view between) {
    while (!between.empty()) {
      const std::size_t first = std::min(between.find_first_not_of(kAsciiSpace), between.size());
      gap_ = std::max(gap_, GapOf(between.substr(0, first)));
      between.remove_prefix(first);
      const std::size_t end = std::min(between.find_first_of(kAsciiSpace), between.size());
      if (end > 0) {
        Add(CutLong(between.substr(0, end)), std::nullopt);
        between.remove_prefix(end);
      }
    }
  }

  void Add(std::string text, std::optional<std::size_t> token_index) {
    constexpr double kLeastEm = 0.24;
    Piece piece;
    piece.before = std::exchange(gap_, Gap::kNone);
    piece.placed.token_index = token_index;
    piece.placed.width = std::max(EstimateWidth(text, font_size_), kLeastEm * font_size_);
    piece.placed.text = std::move(text);
    pieces_.push_back(std::move(piece));
  }

  std::string_view text_;
  double font_size_;
  std::vector<Piece> pieces_;
  std::size_t position_ = 0;
  Gap gap_ = Gap::kNone;
};

std::vector<Piece> CutIntoPieces(const QaRequest& request, const Inspection& inspection,
                                 const DecodeMarks& marks, double font_size,
                                 HeatMapLayout& layout) {
  std::vector<std::size_t> context;
  for (std::size_t i = 0; i < inspection.tokens.size(); ++i) {
    const InspectedToken& token = inspection.tokens[i];
    if (token.segment == Segment::kContext && token.document_index == layout.document_index) {
      context.push_back(i);
    }
  }
  layout.token_count = context.size();
  PieceCutter cutter(request.documents[layout.document_index], font_size);
  bool is_skipping = false;
  for (const std::size_t i : context) {
    const ByteSpan span = *inspection.tokens[i].span;
    if (context.size() > kWholeUpTo && !marks.IsNear(i, kTokensBeside)) {
      is_skipping = true;
      continue;
    }
    if (std::exchange(is_skipping, false)) {
      cutter.SkipTo(span.begin);
    }
    cutter.AddToken(i, span);
    ++layout.shown_count;
  }
  if (is_skipping) {
    cutter.SkipTo(0);
  }
  return cutter.Take();
}

/// Puts words on lines; a word wider than a line is broken between its pieces.
class LineBreaker {
 public:
  LineBreaker(HeatMapLayout& layout, double font_size, double width)
      : layout_(layout), space_(kSpaceEm * font_size), width_(width) {}

  void AddWord(std::vector<Piece>::iterator begin, std::vector<Piece>::iterator end) {
    double word = 0;
    for (auto piece = begin; piece != end; ++piece) {
      word += piece->placed.width;
    }
    if (x_ > 0) {
      const Gap gap = begin->before;
      x_ += gap == Gap::kSpace ? space_ : 0;
      if (gap >= Gap::kLineEnd || x_ + word > width_) {
        BreakLine(gap == Gap::kBlankLine ? 3 : 2);
      }
    }
    for (auto piece = begin; piece != end; ++piece) {
      Place(std::move(piece->placed));
    }
  }

 private:
  void BreakLine(std::size_t half_lines) {
    x_ = 0;
    layout_.half_lines += half_lines;
  }

  void Place(PlacedText text) {
    text.width = std::min(text.width, width_);
    if (x_ > 0 && x_ + text.width > width_) {
      BreakLine(2);
    }
    text.x = x_;
    text.half_line = layout_.half_lines;
    x_ += text.width;
    layout_.pieces.push_back(std::move(text));
  }

  HeatMapLayout& layout_;
  double space_;
  double width_;
  double x_ = 0;
};

}  // namespace

HeatMapLayout LayOutHeatMap(const QaRequest& request, const Inspection& inspection,
                            const DecodeMarks& marks, double font_size, double width) {
  HeatMapLayout layout;
  if (request.documents.empty()) {
    return layout;
  }
  const std::optional<MarkedTokens>& answer = marks.joint ? marks.joint : marks.crossed;
  layout.document_index = answer ? inspection.tokens[answer->first].document_index : 0;
  std::vector<Piece> pieces = CutIntoPieces(request, inspection, marks, font_size, layout);
  LineBreaker breaker(layout, font_size, width);
  for (auto begin = pieces.begin(); begin != pieces.end();) {
    const auto end = std::find_if(begin + 1, pieces.end(),
                                  [](const Piece& piece) { return piece.before != Gap::kNone; });
    breaker.AddWord(begin, end);
    begin = end;
  }
  layout.half_lines += pieces.empty() ? 0 : 2;
  return layout;
}

}  // namespace bertqa
