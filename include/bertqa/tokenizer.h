#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bertqa {

using TokenId = std::int32_t;

/// Half-open range of bytes `[begin, end)` of a text, on UTF-8 character boundaries.
struct ByteSpan {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool operator==(const ByteSpan&) const = default;
};

/// The tokens of one text, without special tokens.
/// Guarantees: `ids.size() == spans.size()`; every span is a non-empty range of the *original*
/// text, on character boundaries; neither begins nor ends ever descend. Neighbours share bytes only
/// where one character became several tokens (a Hangul syllable that is decomposed, the bytes of a
/// character in byte-level BPE), and where a token stands for the beginning of a word alone
/// (SentencePiece's "▁"): it has the first character of the word. No span begins with the white
/// space in front of its word.
struct Encoding {
  std::vector<TokenId> ids;     ///< [n]
  std::vector<ByteSpan> spans;  ///< [n], spans[i] is the text that token i came from

  std::size_t size() const { return ids.size(); }
};

/// How a question and a slice of context become one model input: as data, not as code.
/// BERT: prefix {[CLS]}, separator {[SEP]}, suffix {[SEP]}, segments 0 and 1.
struct PairTemplate {
  std::vector<TokenId> prefix;        ///< before the question
  std::vector<TokenId> separator;     ///< between question and context
  std::vector<TokenId> suffix;        ///< after the context
  std::int32_t question_segment = 0;  ///< segment id of prefix, question and separator
  std::int32_t context_segment = 1;   ///< segment id of context and suffix
  std::size_t null_position = 0;      ///< where "no answer" points: [CLS]

  /// Tokens of an input that are neither question nor context.
  std::size_t special_tokens() const { return prefix.size() + separator.size() + suffix.size(); }
};

/// Turns text into token ids that a model knows, each with its bytes in the original text.
/// Immutable after construction: const methods are safe from several threads at once.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Tokenizes `text`; special tokens in it, such as "[SEP]", are plain text.
  /// Throws Error{kBadUtf8} with the byte offset if `text` is not valid UTF-8.
  virtual Encoding Encode(std::string_view text) const = 0;

  /// Number of ids: every id is in [0, vocabulary_size()).
  virtual std::size_t vocabulary_size() const = 0;

  /// The vocabulary entry of `id` as the vocabulary file spells it ("##ing").
  /// The view lives as long as the tokenizer. REQUIRES: id < vocabulary_size().
  virtual std::string_view Piece(TokenId id) const = 0;

  virtual const PairTemplate& pair_template() const = 0;
};

}  // namespace bertqa
