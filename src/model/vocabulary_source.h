#pragma once

#include <filesystem>
#include <string>

namespace bertqa {

/// The text of a `vocab.txt`, and the file that it came from.
struct VocabularyText {
  std::filesystem::path source;
  std::string text;
};

/// The text of `vocabulary_file` if it exists, else the pieces in the `tokenizer.json` beside it,
/// which is all that newer checkpoints hold.
/// Throws Error{kUnreadable} if there is neither, Error{kMalformed} if ids are missing or doubled.
VocabularyText ReadVocabularyText(const std::filesystem::path& vocabulary_file);

}  // namespace bertqa
