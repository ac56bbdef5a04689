#pragma once

#include <cstddef>
#include <string>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// Expects the ids and byte spans of a golden file, a JSON object a line with "text" and "tokens"
/// (id, begin, end), of which there are at least `least`.
void ExpectGoldenTokens(const Tokenizer& tokenizer, const std::string& path, std::size_t least);

}  // namespace bertqa
