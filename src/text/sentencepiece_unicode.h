#pragma once

#include <cstddef>

#include "text/sentencepiece_text.h"

namespace bertqa::spm {

/// Compatibility decomposition (NFKD) without combining marks, as `tokenizers` has it: appends what
/// is left of the character, all of it with the character's origin.
void AppendWithoutAccents(const Character& character, Characters& result);

/// White_Space of Unicode, which is Rust's `char::is_whitespace`.
bool IsWhiteSpace(char32_t code_point);

/// General category Nd.
bool IsDecimalDigit(char32_t code_point);

/// Bytes of the character in UTF-8.
constexpr std::size_t Utf8Size(char32_t code_point) {
  if (code_point < 0x80) {
    return 1;
  }
  return code_point < 0x800 ? 2U : code_point < 0x10000 ? 3U : 4U;
}

}  // namespace bertqa::spm
