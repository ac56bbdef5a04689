#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "model/directory.h"

namespace bertqa {

/// The files of a model directory beside its weights.
struct ModelFiles {
  struct TokenizerFile {
    std::string name;
    std::string bytes;
  };
  std::vector<TokenizerFile> tokenizer;  ///< of WordPiece: vocab.txt and its settings
  std::string configuration;             ///< the text of config.json
  EncoderConfig config;                  ///< what it says
  ModelNotes notes;
};

/// Reads them from where they lie; the tokenizer's settings lie beside the vocabulary. A vocabulary
/// that is only in `tokenizer.json` is taken from there; the files of other kinds of tokenizer are
/// taken as they are. bertqa.json is not read: `notes` are the defaults. Throws Error{kUnreadable,
/// kMalformed, kUnsupported} that names the file.
ModelFiles ReadModelFiles(const std::filesystem::path& config,
                          const std::filesystem::path& vocabulary);

/// The text of a config.json with the weights' type, as transformers spells it since version 4.56.
std::string WithDType(const std::string& configuration, DType dtype);

/// The text of a config.json that describes a question-answering head of two outputs, whatever
/// head the model had before.
std::string WithQuestionAnsweringHead(const std::string& configuration);

/// Writes the tokenizer's files, config.json and bertqa.json into `folder`, which
/// exists. Throws Error{kUnwritable}.
void WriteModelFiles(const ModelFiles& files, const std::filesystem::path& folder);

}  // namespace bertqa
