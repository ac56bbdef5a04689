#pragma once

#include <string_view>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// `span` of `text` without the spaces (U+0020) at its ends; nothing may be left.
/// REQUIRES: valid UTF-8, `span` on character boundaries.
ByteSpan TrimSpaces(std::string_view text, ByteSpan span);

/// The same for all white space, \s of Hugging Face `tokenizers`.
ByteSpan TrimWhiteSpace(std::string_view text, ByteSpan span);

}  // namespace bertqa
