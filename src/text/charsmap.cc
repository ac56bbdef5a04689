#include "text/charsmap.h"

#include <utf8proc.h>

#include <algorithm>
#include <utility>

#include "bertqa/error.h"
#include "text/unicode.h"

namespace bertqa {
namespace {

/// Longer clusters are taken apart.
constexpr std::size_t kClusterBytes = 6;

std::uint32_t ReadUnit(std::string_view bytes) {
  std::uint32_t unit = 0;
  for (std::size_t i = 4; i-- > 0;) {
    unit = unit << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return unit;
}

/// The fields of a unit of darts-clone.
std::uint32_t OffsetOf(std::uint32_t unit) {
  return (unit >> 10U) << ((unit & (1U << 9U)) >> 6U);
}
std::uint32_t LabelOf(std::uint32_t unit) {
  return unit & (1U << 31U | 0xFFU);
}
bool HasLeaf(std::uint32_t unit) {
  return (unit >> 8U & 1U) != 0;
}

/// Whether a cluster goes on. `state` is 0 at its first character. Which marks and signs there are,
/// the oracle says, which knows newer ones than utf8proc; what else joins, utf8proc does.
bool Joins(char32_t left, char32_t right, std::int32_t& state) {
  const bool is_break = utf8proc_grapheme_break_stateful(
      static_cast<utf8proc_int32_t>(left), static_cast<utf8proc_int32_t>(right), &state);
  const CharacterProperties before = PropertiesOf(left);
  const CharacterProperties behind = PropertiesOf(right);
  return !is_break || (!before.Is(kBreaksCluster) && !behind.Is(kBreaksCluster) &&
                       (behind.Is(kExtendsCluster) || before.Is(kPrepends)));
}

class Precompiled : public Normalizer {
 public:
  explicit Precompiled(Charsmap map) : map_(std::move(map)) {}

  AlignedText Apply(AlignedText text) const override {
    AlignedText result = AlignedText::EmptyLike(text);
    map_.ForEachCharacter(text.view(), [&](ByteSpan old, std::string_view character, bool) {
      result.Append(character, text.Origin(old.begin, old.end));
    });
    return result;
  }

 private:
  Charsmap map_;
};

}  // namespace

Charsmap::Charsmap(std::string_view bytes, const std::string& place) {
  const std::size_t size = bytes.size() < 4 ? 0 : ReadUnit(bytes);
  if (size == 0 || size % 4 != 0 || size > bytes.size() - 4) {
    throw Error(ErrorCode::kMalformed,
                place + ": expected the size of a double array and the array, found the size " +
                    std::to_string(size) + " with " + std::to_string(bytes.size()) + " bytes");
  }
  units_.reserve(size / 4);
  for (std::size_t i = 0; i < size; i += 4) {
    units_.push_back(ReadUnit(bytes.substr(4 + i, 4)));
  }
  replacements_ = bytes.substr(4 + size);
  if (FindInvalidUtf8(replacements_)) {
    throw Error(ErrorCode::kMalformed, place + ": expected UTF-8, found other bytes");
  }
}

/// An extended grapheme cluster (Unicode Standard Annex 29).
std::size_t Charsmap::ClusterEnd(std::string_view text, std::size_t begin) {
  const auto is_ascii = [text](std::size_t i) {
    return static_cast<unsigned char>(text[i]) < 0x80;
  };
  const bool stands_alone = begin + 1 == text.size() || is_ascii(begin + 1);
  if (is_ascii(begin) && stands_alone && text[begin] != '\r') {
    return begin + 1;
  }
  CodePoint last = DecodeAt(text, begin);
  std::size_t end = begin + last.size;
  for (std::int32_t state = 0; end < text.size();) {
    const CodePoint next = DecodeAt(text, end);
    if (!Joins(last.value, next.value, state)) {
      break;
    }
    end += next.size;
    last = next;
  }
  return end;
}

std::optional<std::string_view> Charsmap::Find(std::string_view text) const {
  std::size_t node = OffsetOf(units_.front());
  for (std::size_t i = 0; i < text.size() && text.size() < kClusterBytes; ++i) {
    const auto label = static_cast<unsigned char>(text[i]);
    node ^= label;
    if (label == 0 || node >= units_.size() || LabelOf(units_[node]) != label) {
      break;
    }
    const std::uint32_t unit = units_[node];
    node ^= OffsetOf(unit);
    if (HasLeaf(unit) && node < units_.size()) {
      const std::size_t begin = units_[node] & 0x7FFFFFFFU;
      const bool is_inside =
          begin < replacements_.size() && !IsContinuationByte(replacements_[begin]);
      if (!is_inside) {
        break;
      }
      const std::size_t end = std::min(replacements_.find('\0', begin), replacements_.size());
      return std::string_view(replacements_).substr(begin, end - begin);
    }
  }
  return std::nullopt;
}

std::unique_ptr<Normalizer> MakePrecompiled(Charsmap map) {
  return std::make_unique<Precompiled>(std::move(map));
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char letter : text) {
    const std::size_t digit = kDigits.find(letter);
    if (digit == kDigits.npos) {
      return std::nullopt;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFFU);
    }
  }
  return bytes;
}

}  // namespace bertqa
