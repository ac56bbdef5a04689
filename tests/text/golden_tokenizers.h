#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// Tokenizers of every kind over the small vocabularies in golden/; the working directory is
/// tests/.
struct GoldenTokenizer {
  const char* name;
  std::unique_ptr<const Tokenizer> (*make)();
};

std::span<const GoldenTokenizer> GoldenTokenizers();

/// The one of that name. REQUIRES: there is one.
std::unique_ptr<const Tokenizer> MakeGoldenTokenizer(std::string_view name);

/// What of tokenizer.h's promises does not hold of the encoding of `text`; empty if all do.
std::string FindBreach(const Tokenizer& tokenizer, std::string_view text, const Encoding& encoding);

}  // namespace bertqa
