#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace bertqa {

/// Builds protocol-buffer messages, as SentencePiece model files are.
class Message {
 public:
  Message& Varint(unsigned number, std::uint64_t value) {
    Number(number << 3U);
    Number(value);
    return *this;
  }
  Message& Float(unsigned number, float value) {
    Number(number << 3U | 5U);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes_ += static_cast<char>(bits >> shift & 0xFFU);
    }
    return *this;
  }
  Message& Bytes(unsigned number, std::string_view value) {
    Number(number << 3U | 2U);
    Number(value.size());
    bytes_ += value;
    return *this;
  }
  /// A row of a model's vocabulary.
  Message& Piece(std::string_view text, float score, unsigned type = 1) {
    return Bytes(1, Message().Bytes(1, text).Float(2, score).Varint(3, type).bytes());
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void Number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) {
      bytes_ += static_cast<char>(value | 0x80U);
    }
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace bertqa
