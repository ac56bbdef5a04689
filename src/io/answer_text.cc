#include "io/answer_text.h"

#include <algorithm>

#include "io/json_text.h"
#include "io/terminal_text.h"

namespace bertqa {
namespace {

/// Sentences longer than this on one side of the answer are cut at a word.
constexpr std::size_t kMaxSideBytes = 240;
constexpr std::string_view kAsciiSpace = " \t\n\v\f\r";

bool IsSpace(char byte) {
  return kAsciiSpace.find(byte) != std::string_view::npos;
}

/// Whether a sentence, a line or a paragraph ends between `text[position - 1]` and
/// `text[position]`.
bool IsSentenceEdge(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position);
  if (before.ends_with("\n\n") || before.ends_with("。") || before.ends_with("！") ||
      before.ends_with("？")) {
    return true;
  }
  const bool ends = before.ends_with('.') || before.ends_with('!') || before.ends_with('?');
  return ends && IsSpace(text[position]);
}

std::size_t SentenceBegin(std::string_view text, std::size_t position) {
  const std::size_t limit = position > kMaxSideBytes ? position - kMaxSideBytes : 0;
  std::size_t begin = position;
  while (begin > limit && !IsSentenceEdge(text, begin)) {
    --begin;
  }
  if (begin == limit && limit > 0) {
    const std::size_t word = text.find_first_of(kAsciiSpace, begin);
    begin = word < position ? word : position;
  }
  return begin;
}

std::size_t SentenceEnd(std::string_view text, std::size_t position) {
  const std::size_t limit = std::min(position + kMaxSideBytes, text.size());
  std::size_t end = position;
  while (end < limit && (end == 0 || !IsSentenceEdge(text, end))) {
    ++end;
  }
  if (end == limit && limit < text.size()) {
    const std::size_t word = text.find_last_of(kAsciiSpace, end);
    end = word != std::string_view::npos && word > position ? word : position;
  }
  return end;
}

std::string Place(const QaRequest& request, const Answer& answer, const AnswerTextFormat& format) {
  const std::string line =
      std::to_string(LineOf(request.documents[answer.document_index], answer.span.begin));
  return format.files.empty() ? "line " + line : format.files[answer.document_index] + ":" + line;
}

/// Folds one part of a sentence, keeping a space at the edge where the text has one.
std::string FoldPart(std::string_view part) {
  std::string folded = Harmless(FoldSpace(part));
  if (part.empty() || folded.empty()) {
    return part.empty() ? "" : " ";
  }
  if (IsSpace(part.front())) {
    folded.insert(0, " ");
  }
  return IsSpace(part.back()) ? folded + " " : folded;
}

std::string Sentence(const QaRequest& request, const Answer& answer, Color color) {
  const std::string_view text = request.documents[answer.document_index];
  const std::size_t begin = SentenceBegin(text, answer.span.begin);
  const std::size_t end = SentenceEnd(text, answer.span.end);
  const std::string before = FoldPart(text.substr(begin, answer.span.begin - begin));
  const std::string after = FoldPart(text.substr(answer.span.end, end - answer.span.end));
  std::string sentence = before + Paint(color, "1;32", Harmless(FoldSpace(answer.text))) + after;
  return sentence.starts_with(' ') ? sentence.substr(1) : sentence;
}

std::string PlainLine(const QaRequest& request, const Answer& answer,
                      const AnswerTextFormat& format) {
  std::string line;
  if (format.several) {
    line += NumberText(answer.probability) + "\t";
  }
  if (format.files.size() > 1) {
    line += Place(request, answer, format) + ":";
  }
  return line + FoldSpace(answer.text) + "\n";
}

std::string TerminalEntry(const QaRequest& request, const Answer& answer,
                          const AnswerTextFormat& format) {
  return Paint(format.color, "1", Harmless(FoldSpace(answer.text))) + "  " +
         Paint(
             format.color, "2",
             "(" + PercentText(answer.probability) + ", " + Place(request, answer, format) + ")") +
         "\n  " + Sentence(request, answer, format.color) + "\n";
}

std::string NoAnswerText(const QaResult& result) {
  switch (result.no_answer_reason) {
    case NoAnswerReason::kEmptyContext:
      return "no answer: the text is empty";
    case NoAnswerReason::kCrossed:
      return "no answer: the best end comes before the best start";
    default:
      return "no answer  (" + PercentText(result.null_probability) + ")";
  }
}

}  // namespace

std::size_t LineOf(const std::string& text, std::size_t byte_offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(byte_offset);
  return 1 + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
}

std::string FormatPlainAnswer(const QaRequest& request, const QaResult& result,
                              const AnswerTextFormat& format) {
  if (!result.has_answer()) {
    return "\n";
  }
  std::string text;
  for (const Answer& answer : result.answers) {
    text += PlainLine(request, answer, format);
  }
  return text;
}

std::string FormatTerminalAnswer(const QaRequest& request, const QaResult& result,
                                 const AnswerTextFormat& format) {
  std::string text;
  if (!result.has_answer()) {
    text = Paint(format.color, "1", NoAnswerText(result)) + "\n";
    if (result.no_answer_reason != NoAnswerReason::kNullThreshold) {
      return text;
    }
    text += Paint(format.color, "2", "best guess:") + "\n";
  }
  for (const Answer& answer : result.answers) {
    text += TerminalEntry(request, answer, format);
  }
  return text;
}

}  // namespace bertqa
