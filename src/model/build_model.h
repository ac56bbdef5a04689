#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "bertqa/model.h"
#include "encoder/checkpoint.h"
#include "model/tokenizer_factory.h"

namespace bertqa {

/// The tokenizer of a model directory (tokenizer_factory.h).
/// Throws Error{kUnreadable, kMalformed, kUnsupported, kBadUtf8}, also unless it has as many pieces
/// as `config` says, or, of other kinds than WordPiece, no more.
LoadedTokenizer ReadTokenizerOf(const std::filesystem::path& directory,
                                const EncoderConfig& config);

/// The same without where it came from: to build several models with one vocabulary.
std::unique_ptr<const Tokenizer> ReadTokenizer(const std::filesystem::path& directory,
                                               const EncoderConfig& config);

/// The parts of a model put together, as LoadModel does. `checkpoint` is not needed afterwards, but
/// tensors of it stay in use (their owners are kept).
/// Throws Error{kMalformed} as Checkpoint::Read; Error{kUsage} if the processor cannot compute in
/// that precision.
Model BuildModel(std::unique_ptr<const Tokenizer> tokenizer, const Checkpoint& checkpoint,
                 const ModelDefaults& defaults, const LoadOptions& options, std::string name);

}  // namespace bertqa
