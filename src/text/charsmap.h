#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/normalizers.h"

namespace bertqa {

/// sentencepiece's compiled normalization rules (`Precompiled` in `tokenizer.json`): a double array
/// of byte strings (Aoe 1989; the layout of darts-clone), each with a replacement.
class Charsmap {
 public:
  /// Nothing if `bytes` is no such map. Layout: size of the array in bytes (32 bits, little
  /// endian), the array, then replacements that each end with a zero byte.
  static std::optional<Charsmap> Parse(std::string_view bytes);

  /// What the shortest key that `text` begins with is replaced with.
  std::optional<std::string_view> Find(std::string_view text) const;

 private:
  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

/// Normalizes as the `Precompiled` of `tokenizers` does, which is not quite what sentencepiece
/// does: a cluster of characters (a letter with its marks) of less than six bytes is looked up, and
/// replaced, as a whole; else each character is.
std::unique_ptr<Normalizer> MakePrecompiled(Charsmap map);

/// Nothing if `text` is not base64.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace bertqa
