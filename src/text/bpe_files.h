#pragma once

#include <filesystem>
#include <memory>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// The byte-level BPE of a RoBERTa from its `vocab.json` and `merges.txt`, with the settings of
/// `tokenizer_config.json` ("add_prefix_space", the names of the special tokens; RoBERTa's where it
/// says nothing). Pairs are `<s> question </s></s> context </s>`, all of segment 0.
/// Special tokens and those of "added_tokens_decoder" are treated as in a `tokenizer.json`.
/// Throws Error{kUnreadable, kMalformed, kBadUtf8} that names the file and the place in it.
std::unique_ptr<Tokenizer> LoadByteLevelBpe(const std::filesystem::path& directory);

}  // namespace bertqa
