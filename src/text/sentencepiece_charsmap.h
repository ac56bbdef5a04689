#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/sentencepiece_text.h"

namespace bertqa::spm {

/// The character map that SentencePiece compiles into a model (`precompiled_charsmap`): a double
/// array of what is replaced and the texts that replace it.
/// Applied as `Precompiled` of Hugging Face `tokenizers` does it, which is not what SentencePiece
/// does: a grapheme cluster of fewer than six bytes is replaced as a whole by what its *shortest*
/// mapped beginning becomes; in all others each character is replaced on its own.
/// Immutable after construction.
class Charsmap {
 public:
  /// An empty `blob` maps nothing. Throws Error{kMalformed} "<name>: …".
  Charsmap(std::string_view blob, const std::string& name);

  /// Replaces `characters`. A replacement's characters have the origins of the characters that they
  /// replace, one by one; those that are left over have the origin of the last one.
  void Apply(Characters& characters) const;

 private:
  std::optional<std::string_view> Find(std::string_view key) const;
  void AppendMapped(const Character* begin, const Character* end, Characters& result) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;  ///< each ends with NUL
};

}  // namespace bertqa::spm
