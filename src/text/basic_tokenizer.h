#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// BERT's basic tokenizer: which of its steps are on.
struct BasicTokenizerOptions {
  bool lowercase = true;
  bool strip_accents = true;           ///< decompose (NFD), then drop non-spacing marks
  bool tokenize_chinese_chars = true;  ///< CJK ideographs are words of their own
};

/// One word after normalisation. A view: valid during WordSink::OnWord only.
struct Word {
  std::string_view text;       ///< normalised; never empty
  std::size_t characters = 0;  ///< of `text`
  std::size_t byte_begin = 0;  ///< in the original, where the word begins
  /// [text.size()]: what each byte of `text` came from. Empty where normalised and original text
  /// have the same length, byte for byte.
  std::span<const ByteSpan> origins;

  /// Where the bytes [begin, end) of `text` came from. REQUIRES: begin < end.
  ByteSpan Origin(std::size_t begin, std::size_t end) const {
    return origins.empty() ? ByteSpan{byte_begin + begin, byte_begin + end}
                           : ByteSpan{origins[begin].begin, origins[end - 1].end};
  }
};

/// Takes the words of a text, in order.
class WordSink {
 public:
  virtual ~WordSink() = default;
  virtual void OnWord(const Word& word) = 0;
};

/// Splits text as Hugging Face's BertNormalizer and BertPreTokenizer do: clean (drop control
/// characters, make white space plain), set CJK apart, strip accents, lower-case, split at white
/// space and around punctuation.
/// A character that becomes several shares its origin with them all; a dropped one belongs to no
/// origin, but lies within a word's span where its neighbours are of the same word.
/// Time and memory are linear in the text.
/// REQUIRES: valid UTF-8.
void SplitWords(std::string_view text, const BasicTokenizerOptions& options, WordSink& sink);

}  // namespace bertqa
