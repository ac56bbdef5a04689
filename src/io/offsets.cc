#include "io/offsets.h"

#include <algorithm>

#include "base/utf8.h"

namespace bertqa {
namespace {

/// Characters of four bytes are the ones that UTF-16 writes as a surrogate pair.
std::size_t CountFourByteCharacters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return static_cast<unsigned char>(byte) >= 0xF0;
  }));
}

}  // namespace

std::size_t OffsetConverter::CountUnits(std::string_view text) const {
  switch (unit_) {
    case OffsetUnit::kByte:
      return text.size();
    case OffsetUnit::kCodePoint:
      return CountCodePoints(text);
    case OffsetUnit::kUtf16:
      return CountCodePoints(text) + CountFourByteCharacters(text);
  }
  return 0;
}

std::size_t OffsetConverter::FromBytes(std::size_t byte_offset) {
  if (byte_offset < last_bytes_) {
    last_bytes_ = 0;
    last_units_ = 0;
  }
  last_units_ += CountUnits(text_.substr(last_bytes_, byte_offset - last_bytes_));
  last_bytes_ = byte_offset;
  return last_units_;
}

ByteSpan OffsetConverter::FromBytes(ByteSpan span) {
  const std::size_t begin = FromBytes(span.begin);
  return {begin, FromBytes(span.end)};
}

}  // namespace bertqa
