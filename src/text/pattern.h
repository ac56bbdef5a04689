#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// What text is searched for: a string, or one of the regular expressions that tokenizers of the
/// model families use, each written by hand.
class Pattern {
 public:
  /// An empty string matches nothing.
  static Pattern Literal(std::string text);
  /// Nothing if the expression is not one of those.
  static std::optional<Pattern> Regex(std::string_view expression);
  /// Those that are known, for messages.
  static std::string KnownExpressions();

  /// The first match at or behind `from`, never empty; nothing if there is none.
  /// REQUIRES: valid UTF-8, `from` on a character boundary.
  std::optional<ByteSpan> Find(std::string_view text, std::size_t from) const;

 private:
  using MatchEnd = std::size_t (*)(std::string_view text, std::size_t begin);

  struct Known;
  static const Known kKnown[];

  std::string literal_;
  MatchEnd match_end_ = nullptr;  ///< where a match at `begin` ends; `begin`: no match
};

}  // namespace bertqa
