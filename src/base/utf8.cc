#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "bertqa/error.h"

namespace bertqa {
namespace {

std::uint8_t ByteAt(std::string_view text, std::size_t position) {
  return static_cast<std::uint8_t>(text[position]);
}

/// Length of the valid character at `position`, 0 if it is not one (Unicode, table 3-7).
std::size_t ValidLength(std::string_view text, std::size_t position) {
  const std::uint8_t lead = ByteAt(text, position);
  const std::size_t left = text.size() - position;
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2 || lead > 0xF4) {
    return 0;
  }
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (left < length) {
    return 0;
  }
  const std::uint8_t second = ByteAt(text, position + 1);
  const std::uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < lowest || second > highest) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if (!IsContinuationByte(text[position + i])) {
      return 0;
    }
  }
  return length;
}

/// Number of leading bytes below 0x80, counted eight at a time.
std::size_t AsciiPrefix(std::string_view text) {
  std::size_t position = 0;
  for (; position + 8 <= text.size(); position += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + position, 8);
    if ((word & 0x8080808080808080ULL) != 0) {
      break;
    }
  }
  while (position < text.size() && ByteAt(text, position) < 0x80) {
    ++position;
  }
  return position;
}

}  // namespace

CodePoint DecodeAt(std::string_view text, std::size_t position) {
  const char32_t lead = ByteAt(text, position);
  const auto tail = [&](std::size_t i) -> char32_t { return ByteAt(text, position + i) & 0x3FU; };
  if (lead < 0x80) {
    return {lead, 1};
  }
  if (lead < 0xE0) {
    return {(lead & 0x1FU) << 6U | tail(1), 2};
  }
  if (lead < 0xF0) {
    return {(lead & 0x0FU) << 12U | tail(1) << 6U | tail(2), 3};
  }
  return {(lead & 0x07U) << 18U | tail(1) << 12U | tail(2) << 6U | tail(3), 4};
}

std::optional<std::size_t> FindInvalidUtf8(std::string_view text) {
  std::size_t position = 0;
  while (true) {
    position += AsciiPrefix(text.substr(position));
    if (position == text.size()) {
      return std::nullopt;
    }
    const std::size_t length = ValidLength(text, position);
    if (length == 0) {
      return position;
    }
    position += length;
  }
}

void RequireUtf8(std::string_view text, const std::string& place) {
  const std::optional<std::size_t> bad = FindInvalidUtf8(text);
  if (!bad) {
    return;
  }
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const std::uint8_t byte = ByteAt(text, *bad);
  throw Error(ErrorCode::kBadUtf8, place + ": invalid UTF-8 at byte " + std::to_string(*bad) +
                                       " (0x" + kHex[byte >> 4U] + kHex[byte & 0xFU] + ")");
}

void AppendUtf8(std::string& text, char32_t code_point) {
  const auto push = [&text](char32_t bits) {
    text.push_back(static_cast<char>(static_cast<std::uint8_t>(bits)));
  };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xC0U | code_point >> 6U);
    push(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000) {
    push(0xE0U | code_point >> 12U);
    push(0x80U | (code_point >> 6U & 0x3FU));
    push(0x80U | (code_point & 0x3FU));
  } else {
    push(0xF0U | code_point >> 18U);
    push(0x80U | (code_point >> 12U & 0x3FU));
    push(0x80U | (code_point >> 6U & 0x3FU));
    push(0x80U | (code_point & 0x3FU));
  }
}

std::size_t CountCodePoints(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !IsContinuationByte(byte); }));
}

std::string_view WithoutByteOrderMark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace bertqa
