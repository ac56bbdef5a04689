#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/basic_tokenizer.h"
#include "text/unicode.h"

namespace bertqa {

/// The careful path of the basic tokenizer: any character, one chunk of text after another.
/// A chunk may be cut before a character that decomposes to starters, because canonical reordering
/// never crosses a starter.
class WordAssembler {
 public:
  WordAssembler(const BasicTokenizerOptions& options, WordSink& sink)
      : options_(options), sink_(sink) {}

  /// Adds one character that came from `origin`.
  void Add(char32_t code_point, CharacterProperties properties, ByteSpan origin);

  /// Hands the words of the chunk to the sink and begins the next chunk.
  void Flush();

 private:
  /// One character of the chunk after decomposition.
  struct Piece {
    char32_t code_point = 0;
    CharacterProperties properties;
    bool is_first = true;  ///< of what its source character decomposed to
    ByteSpan origin;
  };

  void Reorder();
  void SortRun(std::size_t begin, std::size_t end);
  void AppendLowercase(const Piece& piece);
  void AppendToWord(char32_t code_point, CharacterProperties properties, ByteSpan origin);
  void FinishWord();

  BasicTokenizerOptions options_;
  WordSink& sink_;  ///< outlives this object
  std::vector<Piece> pieces_;
  bool needs_reordering_ = false;
  std::string word_;
  std::size_t word_characters_ = 0;
  std::vector<ByteSpan> origins_;  ///< of each byte of `word_`
};

}  // namespace bertqa
