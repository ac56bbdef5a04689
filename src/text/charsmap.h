#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "text/normalizers.h"

namespace bertqa {

/// sentencepiece's compiled normalization rules (`precompiled_charsmap` of a SentencePiece model
/// and of a `tokenizer.json`): a double array of byte strings (Aoe 1989; the layout of
/// darts-clone), each with a replacement. Applied as `Precompiled` of Hugging Face `tokenizers`
/// does, which is not quite what sentencepiece does: a cluster of characters (a letter with its
/// marks) of less than six bytes is looked up, and replaced, as a whole by what its *shortest*
/// mapped beginning becomes; else each character is. Immutable after construction.
class Charsmap {
 public:
  /// Layout: size of the array in bytes (32 bits, little endian), the array, then replacements that
  /// each end with a zero byte. Throws Error{kMalformed} "<place>: expected …".
  Charsmap(std::string_view bytes, const std::string& place);

  /// Calls `visit(old, character, alone)` for each character of the normalized text: `old` is the
  /// character of `text` that it stands for, `alone` whether it is all that was put there. Old
  /// characters and new ones are paired in order; what is left over of the new comes from the last
  /// old one. REQUIRES: valid UTF-8.
  template <typename Visit>
  void ForEachCharacter(std::string_view text, const Visit& visit) const {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = ClusterEnd(text, begin);
      const std::size_t cluster_size = end - begin;
      if (const auto found = Find(text.substr(begin, end - begin))) {
        Pair(text, {begin, end}, *found, visit);
        begin = end;
      }
      while (begin < end) {
        const std::size_t size = DecodeAt(text, begin).size;
        const std::string_view character = text.substr(begin, size);
        const auto found = size == cluster_size ? std::nullopt : Find(character);
        if (found) {
          Pair(text, {begin, begin + size}, *found, visit);
        } else {
          visit(ByteSpan{begin, begin + size}, character, /*alone=*/true);
        }
        begin += size;
      }
    }
  }

 private:
  static std::size_t ClusterEnd(std::string_view text, std::size_t begin);

  /// What the shortest key that `text` begins with is replaced with; nothing for six bytes and
  /// more.
  std::optional<std::string_view> Find(std::string_view text) const;

  template <typename Visit>
  static void Pair(std::string_view text, ByteSpan old, std::string_view replacement,
                   const Visit& visit) {
    ByteSpan character = {old.begin, old.begin};
    for (std::size_t begin = 0; begin < replacement.size();) {
      const std::size_t size = DecodeAt(replacement, begin).size;
      if (character.end < old.end) {
        character = {character.end, character.end + DecodeAt(text, character.end).size};
      }
      visit(character, replacement.substr(begin, size), size == replacement.size());
      begin += size;
    }
  }

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

/// The normalizer `Precompiled` of a `tokenizer.json`.
std::unique_ptr<Normalizer> MakePrecompiled(Charsmap map);

/// Nothing if `text` is not base64.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace bertqa
