#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bertqa/eval.h"

namespace bertqa {

/// What a file says about a question's answers that only training looks at.
struct SquadLabels {
  bool has_answers = false;  ///< there is a list, if an empty one
  bool is_impossible = false;
  /// For each answer: code points, as they are written; nothing where it is null or missing.
  std::vector<std::optional<std::int64_t>> answer_starts;
};

/// One question of a SQuAD file. Its context is shared with the other questions of the paragraph.
struct SquadExample {
  std::string id;
  std::string question;
  std::shared_ptr<const std::string> context;
  std::vector<std::string> answers;   ///< reference texts, as they come; none: unanswerable
  std::optional<SquadLabels> labels;  ///< if asked for
};

struct SquadFile {
  SquadVersion version = SquadVersion::kV1;
  std::vector<SquadExample> examples;
};

/// Reads a SQuAD 1.1 or 2.0 document. It is 2.0 if its version says so ("v2.0"), or if a question
/// has `is_impossible` or no answer.
/// Throws Error{kMalformed, kBadUtf8}: "dev.json: data[3].paragraphs[0].qas[2]: no \"question\"".
SquadFile ParseSquad(std::string_view text, const std::string& name);

/// The same with labels; they must be of the right types then.
SquadFile ParseLabelledSquad(std::string_view text, const std::string& name);

/// Predictions ({"id": "answer"}) or no-answer scores ({"id": 0.1}), in the order of the file.
std::vector<std::pair<std::string, std::string>> ParsePredictions(std::string_view text,
                                                                  const std::string& name);
std::vector<std::pair<std::string, double>> ParseScores(std::string_view text,
                                                        const std::string& name);

/// What the beginning of an input looks like.
enum class InputFormat { kJsonl, kSquad };

/// Guesses from the first bytes: SQuAD if they are an object with a list "data" and no "question",
/// or one that goes on over several lines and begins with "data" or "version".
InputFormat GuessFormat(std::string_view beginning);

/// True once `beginning` is enough for GuessFormat.
bool IsEnoughToGuess(std::string_view beginning);

}  // namespace bertqa
