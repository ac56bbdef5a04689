#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "bertqa/tokenizer.h"
#include "text/tokenizer_config.h"

namespace bertqa {

/// A tokenizer of a model directory, and where it came from.
struct LoadedTokenizer {
  std::unique_ptr<const Tokenizer> tokenizer;
  std::string description;       ///< "WordPiece, uncased"
  std::filesystem::path source;  ///< the file that holds the pieces
  /// The pieces are all that the model knows, so their number must be config.json's "vocab_size";
  /// other kinds may have fewer.
  bool is_whole_vocabulary = false;
};

/// Chooses and loads the tokenizer of a directory: by "tokenizer_class" of tokenizer_config.json,
/// else by "model_type" of config.json, else as BERT's, and by the files that are there
/// (docs/tokenizer.md has the table). Throws Error{kUnreadable} that lists the files that would do,
/// Error{kUnsupported} for a class that is not known with those that are,
/// Error{kMalformed, kBadUtf8} that names the file.
LoadedTokenizer LoadTokenizer(const std::filesystem::path& directory);

/// How the class of a WordPiece tokenizer lays out pairs; nothing for other classes and where the
/// pieces do not lie in a file that WordPieceTokenizer reads.
std::optional<PairLayout> FindWordPieceLayout(const std::filesystem::path& directory);

/// The class that transformers knows a layout by.
std::string WordPieceClass(PairLayout layout);

}  // namespace bertqa
