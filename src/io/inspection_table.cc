#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

#include "io/decode_marks.h"
#include "io/inspection_writer.h"

namespace bertqa {
namespace {

/// Fewer tokens than this are all shown.
constexpr std::size_t kFoldAbove = 200;
constexpr float kFoldBelow = 0.001F;
/// Neighbours of an answer that are shown whatever their probability.
constexpr std::size_t kNeighbours = 3;
/// A shorter run is not worth a line that stands for it.
constexpr std::size_t kShortestFold = 3;

constexpr std::size_t kLeastWidth = 60;
constexpr std::size_t kMostBar = 40;
constexpr std::size_t kLogitColumns = 6;
constexpr std::size_t kPercentColumns = 5;

constexpr std::string_view kStartColor = "34";
constexpr std::string_view kEndColor = "35";
constexpr std::string_view kJointColor = "1;32";
constexpr std::string_view kIndependentColor = "33";
constexpr std::string_view kFaint = "2";

/// The signs of one decode in the margin: a bracket around its span.
struct Bracket {
  std::string_view first, inside, last, alone;
};
constexpr Bracket kJointBracket = {"┏", "┃", "┗", "━"};
constexpr Bracket kIndependentBracket = {"┌", "│", "└", "─"};

std::string Repeat(std::string_view text, std::size_t count) {
  std::string repeated;
  for (std::size_t i = 0; i < count; ++i) {
    repeated += text;
  }
  return repeated;
}

template <class Number>
std::string FixedText(const char* format, Number number) {
  std::array<char, 32> buffer = {};
  const int size = std::snprintf(buffer.data(), buffer.size(), format, static_cast<double>(number));
  return {buffer.data(), std::min(static_cast<std::size_t>(size), buffer.size() - 1)};
}

std::string RightAligned(const std::string& text, std::size_t columns) {
  const std::size_t width = DisplayWidth(text);
  return width < columns ? std::string(columns - width, ' ') + text : text;
}

/// A bar in eighths of a column, in exactly `columns` columns.
std::string Bar(float probability, std::size_t columns) {
  constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double share = std::clamp(static_cast<double>(probability), 0.0, 1.0);
  const auto eighths =
      static_cast<std::size_t>(std::lround(share * 8 * static_cast<double>(columns)));
  const std::string bar = Repeat("█", eighths / 8) + std::string(kEighths[eighths % 8]);
  return FitColumns(bar, columns);
}

/// How wide the columns are: what the tokens and figures leave is for the bars.
struct Columns {
  std::size_t token = 0;
  std::size_t bar = 0;
  std::size_t window = 0;  ///< 0: there is one window, which need not be named

  std::size_t total() const {
    return window + 3 + token + 2 * (kLogitColumns + bar + kPercentColumns + 4);
  }
};

Columns LayOut(const Inspection& inspection, std::size_t width) {
  constexpr std::size_t kLeastToken = 5;
  constexpr std::size_t kMostToken = 18;
  Columns columns;
  columns.token = kLeastToken;
  for (const InspectedToken& token : inspection.tokens) {
    columns.token = std::max(columns.token, DisplayWidth(Harmless(token.piece)));
  }
  columns.token = std::min(columns.token, kMostToken);
  if (inspection.windows.size() > 1) {
    columns.window =
        std::max<std::size_t>(3, std::to_string(inspection.windows.size() - 1).size()) + 1;
  }
  const std::size_t room = std::max(width, kLeastWidth) - columns.total();
  columns.bar = std::min(room / 2, kMostBar);
  return columns;
}

/// Which tokens are left out, because nothing happens there.
std::vector<bool> FindFolded(const std::vector<InspectedToken>& tokens, const DecodeMarks& marks) {
  std::vector<bool> folded(tokens.size(), false);
  if (tokens.size() <= kFoldAbove) {
    return folded;
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    folded[i] = tokens[i].segment != Segment::kSpecial && !marks.IsNear(i, kNeighbours) &&
                tokens[i].start_probability < kFoldBelow && tokens[i].end_probability < kFoldBelow;
  }
  for (auto run = std::find(folded.begin(), folded.end(), true); run != folded.end();) {
    const auto end = std::find(run, folded.end(), false);
    if (static_cast<std::size_t>(end - run) < kShortestFold) {
      std::fill(run, end, false);
    }
    run = std::find(end, folded.end(), true);
  }
  return folded;
}

class InspectionTable {
 public:
  InspectionTable(const QaRequest& request, const Inspection& inspection, Color color,
                  std::size_t width)
      : request_(request),
        inspection_(inspection),
        color_(color),
        width_(std::max(width, kLeastWidth)),
        columns_(LayOut(inspection, width)),
        marks_(FindDecodeMarks(inspection)),
        folded_(FindFolded(inspection.tokens, marks_)) {}

  std::string Format() {
    for (const std::string& line : WrapWords(Harmless(FoldSpace(request_.question)), width_)) {
      text_ += Paint(color_, "1", line) + "\n";
    }
    AddHead();
    for (std::size_t i = 0; i < inspection_.tokens.size();) {
      AddRuleBefore(i);
      i = folded_[i] ? AddFold(i) : AddRow(i);
    }
    AddRule("");
    AddDecode("━ joint      ", kJointColor, inspection_.joint);
    AddDecode("─ independent", kIndependentColor, inspection_.independent);
    AddNotes();
    return std::move(text_);
  }

 private:
  void AddHead() {
    if (columns_.window > 0) {
      text_ += FitColumns("win", columns_.window);
    }
    const std::size_t figure = kLogitColumns + columns_.bar + kPercentColumns + 2;
    text_ += "   " + FitColumns("token", columns_.token) + "  " +
             Paint(color_, kStartColor, FitColumns(" start logit, probability", figure)) + "  " +
             Paint(color_, kEndColor, FitColumns(" end logit, probability", figure)) + "\n";
  }

  /// The name of the part of the input that a token is in; special tokens stand between the rules.
  std::string PartAt(std::size_t token_index) const {
    const InspectedToken& token = inspection_.tokens[token_index];
    const std::string window =
        columns_.window > 0 ? " of window " + std::to_string(token.window_index) : "";
    switch (token.segment) {
      case Segment::kQuestion:
        return "question" + window;
      case Segment::kContext:
        return "context" + window;
      case Segment::kSpecial:
        break;
    }
    return "";
  }

  /// A rule where a window, or its question or context, begins.
  void AddRuleBefore(std::size_t token_index) {
    const std::vector<InspectedToken>& tokens = inspection_.tokens;
    const std::string part = PartAt(token_index);
    const bool is_new_window = token_index == 0 || tokens[token_index].window_index !=
                                                       tokens[token_index - 1].window_index;
    if (is_new_window || (!part.empty() && part != PartAt(token_index - 1))) {
      AddRule(part);
    }
  }

  void AddRule(const std::string& name) {
    const std::string label = name.empty() ? "" : "── " + name + " ";
    const std::size_t total = columns_.total();
    text_ += Paint(color_, kFaint, label + Repeat("─", total - DisplayWidth(label))) + "\n";
  }

  std::size_t AddFold(std::size_t begin) {
    std::size_t end = begin;
    while (end < folded_.size() && folded_[end] && PartAt(end) == PartAt(begin)) {
      ++end;
    }
    text_ += std::string(columns_.window + 3, ' ') +
             Paint(color_, kFaint, "… " + std::to_string(end - begin) + " tokens below 0.1 % …") +
             "\n";
    return end;
  }

  std::string Mark(const std::optional<MarkedTokens>& span, const Bracket& bracket,
                   std::size_t token_index) const {
    const bool is_in_span = span && token_index >= span->first && token_index <= span->last &&
                            inspection_.tokens[token_index].segment == Segment::kContext;
    if (!is_in_span) {
      return " ";
    }
    if (span->first == span->last) {
      return std::string(bracket.alone);
    }
    return std::string(token_index == span->first  ? bracket.first
                       : token_index == span->last ? bracket.last
                                                   : bracket.inside);
  }

  std::string IndependentMark(std::size_t token_index) const {
    if (!marks_.crossed) {
      return Mark(marks_.independent, kIndependentBracket, token_index);
    }
    const bool is_start = token_index == marks_.crossed->first;
    return is_start ? "s" : token_index == marks_.crossed->last ? "e" : " ";
  }

  std::string Figure(float logit, float probability, std::string_view color) const {
    return "  " + RightAligned(FixedText("%.2f", logit), kLogitColumns) + " " +
           Paint(color_, color, Bar(probability, columns_.bar)) +
           RightAligned(FixedText("%.1f", 100 * static_cast<double>(probability)),
                        kPercentColumns + 1);
  }

  std::size_t AddRow(std::size_t token_index) {
    const InspectedToken& token = inspection_.tokens[token_index];
    if (columns_.window > 0) {
      text_ += FitColumns(std::to_string(token.window_index), columns_.window);
    }
    const std::string joint = Mark(marks_.joint, kJointBracket, token_index);
    const std::string piece = FitColumns(Harmless(token.piece), columns_.token);
    const std::string_view piece_color = joint != " "                         ? kJointColor
                                         : token.segment == Segment::kSpecial ? kFaint
                                                                              : "0";
    text_ += Paint(color_, kJointColor, joint) +
             Paint(color_, kIndependentColor, IndependentMark(token_index)) + " " +
             Paint(color_, piece_color, piece) +
             Figure(token.start_logit, token.start_probability, kStartColor) +
             Figure(token.end_logit, token.end_probability, kEndColor) + "\n";
    return token_index + 1;
  }

  std::string DecodeText(const QaResult& result) const {
    switch (result.no_answer_reason) {
      case NoAnswerReason::kEmptyContext:
        return "no answer: the text is empty";
      case NoAnswerReason::kCrossed:
        return "no answer: the highest end (e) comes before the highest start (s)";
      case NoAnswerReason::kNullThreshold:
        return "no answer (the null term wins); best guess: " +
               Harmless(FoldSpace(result.answers.front().text));
      case NoAnswerReason::kNone:
        break;
    }
    return Harmless(FoldSpace(result.answers.front().text));
  }

  /// One decode a line, the figures below each other; a long answer goes on below itself.
  void AddDecode(const std::string& name, std::string_view color, const QaResult& result) {
    constexpr std::size_t kHeadColumns = 40;
    constexpr std::size_t kNameColumns = 15;
    std::string head;
    if (!result.answers.empty()) {
      head = RightAligned(PercentText(result.answers.front().probability), 7) + "  logit " +
             RightAligned(FixedText("%.2f", result.answers.front().logit), kLogitColumns);
    }
    const std::vector<std::string> lines = WrapWords(DecodeText(result), width_ - kHeadColumns);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      text_ += i > 0 ? std::string(kHeadColumns, ' ')
                     : Paint(color_, color, FitColumns(name, kNameColumns)) +
                           FitColumns(head, kHeadColumns - kNameColumns);
      text_ += Paint(color_, color, lines[i]) + "\n";
    }
  }

  void AddNotes() {
    std::string note =
        DecodesDiffer(inspection_) ? "The two decodes differ." : "The two decodes agree.";
    if (std::find(folded_.begin(), folded_.end(), true) != folded_.end()) {
      note += " Tokens below 0.1 % are folded; --json lists them all.";
    }
    AddWrapped(note);
    const std::vector<InspectedWindow>& windows = inspection_.windows;
    std::string list = windows.size() == 1 ? "One window:" : "Windows:";
    for (std::size_t i = 0; i < windows.size(); ++i) {
      list += (i > 0 ? ", " : " ") + (windows.size() > 1 ? std::to_string(i) + ":\u00A0" : "") +
              "tokens\u00A0" + std::to_string(windows[i].first_token) + "–" +
              std::to_string(windows[i].last_token);
    }
    AddWrapped(windows.empty() ? "No window: the text has no token." : list + " of the context.");
  }

  void AddWrapped(const std::string& text) {
    for (const std::string& line : WrapWords(text, width_)) {
      text_ += line + "\n";
    }
  }

  const QaRequest& request_;
  const Inspection& inspection_;
  Color color_;
  std::size_t width_;
  Columns columns_;
  DecodeMarks marks_;
  std::vector<bool> folded_;
  std::string text_;
};

}  // namespace

std::string FormatInspectionTable(const QaRequest& request, const Inspection& inspection,
                                  Color color, std::size_t width) {
  return InspectionTable(request, inspection, color, width).Format();
}

}  // namespace bertqa
