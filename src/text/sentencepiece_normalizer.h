#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/charsmap.h"
#include "text/sentencepiece_config.h"
#include "text/sentencepiece_family.h"
#include "text/sentencepiece_text.h"

namespace bertqa::spm {

/// Makes of a text the words that a SentencePiece model cuts into pieces.
/// Immutable after construction.
class Normalizer {
 public:
  /// `charsmap` is that of the model file; nothing: it maps nothing.
  Normalizer(const Family& family, const Settings& settings, std::optional<Charsmap> charsmap);

  /// The characters of the normalised text, each word with its word mark in front; a word begins
  /// at each element of `word_begins`. Replaces what the two hold. REQUIRES: valid UTF-8.
  void Normalize(std::string_view text, Characters& characters,
                 std::vector<std::size_t>& word_begins) const;

 private:
  void Apply(Step step, Characters& characters) const;

  std::vector<Step> steps_;  ///< those of the family that the settings leave on
  bool isolates_punctuation_ = false;
  std::optional<Charsmap> charsmap_;
};

}  // namespace bertqa::spm
