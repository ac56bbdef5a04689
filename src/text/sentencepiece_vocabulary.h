#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "bertqa/tokenizer.h"
#include "text/sentencepiece_config.h"
#include "text/sentencepiece_family.h"
#include "text/sentencepiece_file.h"
#include "text/subword_model.h"

namespace bertqa::spm {

/// The ids of a tokenizer: the pieces of the file in the family's numbering, and the special
/// tokens. All views point into the file's bytes, the family or the settings, which outlive it.
struct Vocabulary {
  std::vector<std::string_view> pieces;  ///< by id
  std::vector<ScoredPiece> matching;     ///< those that text can become
  double lowest_score = 0;               ///< of all
  TokenId unknown_id = 0;
  TokenId cls_id = 0;
  TokenId sep_id = 0;
};

/// A special token that the file lacks gets a new id at the end, as `add_tokens` of transformers
/// has it. Throws Error{kMalformed} "<name>: …" if the file has too few pieces for the family.
Vocabulary MakeVocabulary(const ModelFile& file, const Family& family, const Settings& settings,
                          const std::string& name);

}  // namespace bertqa::spm
