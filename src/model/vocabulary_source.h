#pragma once

#include <filesystem>
#include <string>

namespace bertqa {

/// The text of a `vocab.txt`: that of `vocabulary_file` if it exists, else the pieces in the
/// `tokenizer.json` beside it, which is all that newer checkpoints hold.
/// Throws Error{kUnreadable} if there is neither, Error{kMalformed} if ids are missing or doubled.
std::string ReadVocabularyText(const std::filesystem::path& vocabulary_file);

}  // namespace bertqa
