#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// Makes the tokenizer of a model that has a SentencePiece model file and no other tokenizer:
/// ids and offsets are those of transformers' fast tokenizers (docs/tokenizer.md has the table of
/// what differs).
///
/// `family` is `model_type` of config.json: "albert" (reads spiece.model), "xlm-roberta" and
/// "camembert" (sentencepiece.bpe.model), "deberta-v2" (spm.model; DeBERTa-v3 is of this type).
/// Settings come from tokenizer_config.json and special_tokens_map.json where they are there.
///
/// Throws Error{kUnsupported} for another family, a model that is neither Unigram nor BPE, or the
/// tokenizer class of another family; Error{kUnreadable} without the model file; Error{kMalformed}
/// that names the file, and the key or the piece, for files that are not what they should be.
std::unique_ptr<const Tokenizer> LoadSentencePiece(const std::filesystem::path& model_directory,
                                                   std::string_view family);

/// Whether LoadSentencePiece knows the family, and the name of the file that it reads.
/// Empty for another family.
std::string_view SentencePieceFileName(std::string_view family);

}  // namespace bertqa
