#pragma once

#include <cstddef>
#include <string_view>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// What an offset counts. SQuAD's `answer_start` and Python's strings count code points;
/// JavaScript, Java and C# count UTF-16 code units.
enum class OffsetUnit { kCodePoint, kByte, kUtf16 };

/// Converts byte offsets into one text. Remembers the last place, so that ascending queries cost
/// one pass in all. Not safe from several threads at once.
class OffsetConverter {
 public:
  /// `text` must outlive the converter and be valid UTF-8.
  OffsetConverter(std::string_view text, OffsetUnit unit) : text_(text), unit_(unit) {}

  /// REQUIRES: `byte_offset` is on a character boundary of the text.
  std::size_t FromBytes(std::size_t byte_offset);
  ByteSpan FromBytes(ByteSpan span);

 private:
  std::size_t CountUnits(std::string_view text) const;

  std::string_view text_;
  OffsetUnit unit_;
  std::size_t last_bytes_ = 0;
  std::size_t last_units_ = 0;
};

}  // namespace bertqa
