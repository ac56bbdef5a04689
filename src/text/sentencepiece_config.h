#pragma once

#include <filesystem>

#include "text/sentencepiece_family.h"

namespace bertqa::spm {

/// The settings of one tokenizer.
struct Settings {
  bool lowercase = false;
  bool keep_accents = true;
  bool split_by_punct = false;
  SpecialNames names;

  bool operator==(const Settings&) const = default;
};

/// Reads `tokenizer_config.json`; a token's name that is absent there comes from
/// `special_tokens_map.json`; what is absent in both, or without files, is the family's default.
/// Throws Error{kMalformed} that names the file and the key (bad JSON, wrong type),
/// Error{kUnsupported} for the tokenizer of another family.
Settings ReadSettings(const std::filesystem::path& model_directory, const Family& family);

}  // namespace bertqa::spm
