#include "text/basic_tokenizer.h"

#include <array>
#include <cstdint>
#include <string>

#include "base/utf8.h"
#include "text/unicode.h"
#include "text/word_assembler.h"

namespace bertqa {
namespace {

/// What to do with a byte without looking further.
enum class ByteKind : std::uint8_t { kWord, kPunctuation, kSpace, kDropped, kNotAscii };

using ByteKinds = std::array<ByteKind, 256>;

ByteKinds MakeByteKinds() {
  ByteKinds kinds;
  kinds.fill(ByteKind::kNotAscii);
  for (char32_t byte = 0; byte < 0x80; ++byte) {
    const CharacterProperties properties = PropertiesOf(byte);
    kinds[byte] = properties.Is(kRemoved)       ? ByteKind::kDropped
                  : properties.Is(kSpace)       ? ByteKind::kSpace
                  : properties.Is(kPunctuation) ? ByteKind::kPunctuation
                                                : ByteKind::kWord;
  }
  return kinds;
}

const ByteKinds& Kinds() {
  static const ByteKinds kinds = MakeByteKinds();
  return kinds;
}

char LowercaseAscii(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
}

/// One pass over a text. Words of ASCII alone, by far the most, take no detour through code points.
class Splitter {
 public:
  Splitter(std::string_view text, const BasicTokenizerOptions& options, WordSink& sink)
      : text_(text), options_(options), sink_(sink), assembler_(options, sink) {}

  void Run() {
    while (position_ < text_.size()) {
      switch (KindAt(position_)) {
        case ByteKind::kSpace:
        case ByteKind::kDropped:
          ++position_;
          break;
        case ByteKind::kPunctuation:
          sink_.OnWord({text_.substr(position_, 1), 1, position_, {}});
          ++position_;
          break;
        case ByteKind::kWord:
          RunWord();
          break;
        case ByteKind::kNotAscii:
          RunChunk();
          break;
      }
    }
  }

 private:
  ByteKind KindAt(std::size_t position) const {
    return kinds_[static_cast<std::uint8_t>(text_[position])];
  }

  /// A word that begins with ASCII; if it goes on with anything else, the careful path takes it
  /// from its beginning.
  void RunWord() {
    std::size_t end = position_ + 1;
    while (end < text_.size() && KindAt(end) == ByteKind::kWord) {
      ++end;
    }
    const bool is_whole = end == text_.size() || KindAt(end) == ByteKind::kSpace ||
                          KindAt(end) == ByteKind::kPunctuation;
    if (!is_whole) {
      RunChunk();
      return;
    }
    std::string_view word = text_.substr(position_, end - position_);
    if (options_.lowercase) {
      lowered_.resize(word.size());
      for (std::size_t i = 0; i < word.size(); ++i) {
        lowered_[i] = LowercaseAscii(word[i]);
      }
      word = lowered_;
    }
    sink_.OnWord({word, word.size(), position_, {}});
    position_ = end;
  }

  /// Everything up to the next white space, CJK ideograph or ASCII punctuation: all of them are
  /// starters, so nothing is reordered across them.
  void RunChunk() {
    while (position_ < text_.size() && KindAt(position_) != ByteKind::kSpace &&
           KindAt(position_) != ByteKind::kPunctuation) {
      const CodePoint code_point = DecodeAt(text_, position_);
      const CharacterProperties properties = PropertiesOf(code_point.value);
      const ByteSpan origin = {position_, position_ + code_point.size};
      position_ = origin.end;
      if (properties.Is(kRemoved)) {
        continue;
      }
      if (properties.Is(kSpace)) {
        break;
      }
      const bool stands_alone = options_.tokenize_chinese_chars && properties.Is(kChinese);
      if (stands_alone) {
        assembler_.Flush();
      }
      assembler_.Add(code_point.value, properties, origin);
      if (stands_alone) {
        break;
      }
    }
    assembler_.Flush();
  }

  std::string_view text_;
  BasicTokenizerOptions options_;
  WordSink& sink_;
  WordAssembler assembler_;
  const ByteKinds& kinds_ = Kinds();
  std::size_t position_ = 0;
  std::string lowered_;
};

}  // namespace

void SplitWords(std::string_view text, const BasicTokenizerOptions& options, WordSink& sink) {
  Splitter(text, options, sink).Run();
}

}  // namespace bertqa
