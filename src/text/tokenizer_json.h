#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// Puts together what a `tokenizer.json` of Hugging Face's `tokenizers` describes. Special tokens
/// that it adds are plain text where they stand in a user's text; other added tokens are found.
/// Throws Error{kUnreadable}; Error{kMalformed} and Error{kUnsupported} that name the place in the
/// file: `tokenizer.json: .normalizer.type: …`.
std::unique_ptr<Tokenizer> LoadTokenizerJson(const std::filesystem::path& path);

/// The same from the text of such a file; `name` stands for the file in messages.
std::unique_ptr<Tokenizer> ParseTokenizerJson(std::string_view text, const std::string& name);

}  // namespace bertqa
