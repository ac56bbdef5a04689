#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// Text on its way from the original to the model, with the bytes of the original that each of its
/// bytes came from. As long as nothing has changed it, it is a view of the original.
/// It grows to 64 times the original and 4,096 bytes, no further: a handful of steps that each
/// double a text could fill any memory. NFKD, the worst of Unicode's, makes 11 bytes of one.
class AlignedText {
 public:
  /// The part of `original` at `part`, unchanged. `original` outlives this object.
  AlignedText(std::string_view original, ByteSpan part)
      : source_(original.substr(part.begin, part.end - part.begin)),
        source_begin_(part.begin),
        is_first_(part.begin == 0),
        max_bytes_(64 * source_.size() + 4096) {}

  std::string_view view() const { return is_source_ ? source_ : std::string_view(text_); }
  std::size_t size() const { return view().size(); }
  bool empty() const { return view().empty(); }

  /// Where the bytes [begin, end) of the text came from; on character boundaries of the original if
  /// they are so in the text. REQUIRES: begin < end <= size().
  ByteSpan Origin(std::size_t begin, std::size_t end) const {
    return is_source_ ? ByteSpan{source_begin_ + begin, source_begin_ + end}
                      : ByteSpan{origins_[begin].begin, origins_[end - 1].end};
  }

  /// Whether this is, or was, the beginning of the original.
  bool is_first() const { return is_first_; }

  /// The bytes [begin, end).
  AlignedText Part(std::size_t begin, std::size_t end) const;

  /// An empty text to append to, for what is made of `from`.
  static AlignedText EmptyLike(const AlignedText& from);

  /// All three REQUIRE an object from EmptyLike. Throw Error{kUnsupported} if the text becomes too
  /// long.
  void Append(std::string_view text, ByteSpan origin);
  void Append(char32_t code_point, ByteSpan origin);
  void AppendPart(const AlignedText& from, std::size_t begin, std::size_t end);

 private:
  AlignedText() = default;
  void RequireRoom(std::size_t more_bytes) const;

  bool is_source_ = true;
  std::string_view source_;
  std::size_t source_begin_ = 0;
  bool is_first_ = true;
  std::size_t max_bytes_ = 0;
  std::string text_;
  std::vector<ByteSpan> origins_;  ///< [text_.size()]
};

/// Where the first or the last character of [begin, end) came from.
ByteSpan FirstOrigin(const AlignedText& text, std::size_t begin);
ByteSpan LastOrigin(const AlignedText& text, std::size_t end);

}  // namespace bertqa
