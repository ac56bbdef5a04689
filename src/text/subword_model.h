#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// A token as bytes [begin, end) of the word that it is part of.
struct WordToken {
  TokenId id = 0;
  std::size_t begin = 0;
  std::size_t end = 0;

  bool operator==(const WordToken&) const = default;
};

/// A piece of a vocabulary, as a model sees it.
struct ScoredPiece {
  std::string_view text;
  double score = 0;
  TokenId id = 0;
};

/// Cuts one word, as the pre-tokenizers leave it, into tokens.
/// Immutable after construction: safe from several threads.
class SubwordModel {
 public:
  virtual ~SubwordModel() = default;

  /// Appends the tokens of `word`; begins and ends ascend or stay. REQUIRES: not empty, UTF-8.
  virtual void Append(std::string_view word, std::vector<WordToken>& tokens) const = 0;
};

}  // namespace bertqa
