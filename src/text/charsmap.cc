#include "text/charsmap.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
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

/// Where the cluster that begins at `begin` ends, as far as one of less than kClusterBytes needs
/// the rules of Unicode Standard Annex 29: line ends (GB3 to GB5), marks (GB9, GB9a), prepended
/// signs (GB9b). What the other rules join is longer.
std::size_t ClusterEnd(std::string_view text, std::size_t begin) {
  CodePoint last = DecodeAt(text, begin);
  std::size_t end = begin + last.size;
  while (end < text.size()) {
    const CodePoint next = DecodeAt(text, end);
    const CharacterProperties before = PropertiesOf(last.value);
    const CharacterProperties behind = PropertiesOf(next.value);
    const bool is_line_end = last.value == U'\r' && next.value == U'\n';
    const bool joins = !before.Is(kBreaksCluster) && !behind.Is(kBreaksCluster) &&
                       (behind.Is(kExtendsCluster) || before.Is(kPrepends));
    if (!is_line_end && !joins) {
      break;
    }
    end += next.size;
    last = next;
  }
  return end;
}

class Precompiled : public Normalizer {
 public:
  explicit Precompiled(Charsmap map) : map_(std::move(map)) {}

  AlignedText Apply(AlignedText text) const override {
    AlignedText result = AlignedText::EmptyLike(text);
    const std::string_view view = text.view();
    for (std::size_t begin = 0; begin < view.size();) {
      const std::size_t end = ClusterEnd(view, begin);
      if (end - begin < kClusterBytes) {
        if (const auto found = map_.Find(view.substr(begin, end - begin))) {
          AppendReplacement(text, {begin, end}, *found, result);
          begin = end;
          continue;
        }
      }
      while (begin < end) {
        const std::size_t size = DecodeAt(view, begin).size;
        if (const auto found = map_.Find(view.substr(begin, size))) {
          AppendReplacement(text, {begin, begin + size}, *found, result);
        } else {
          result.AppendPart(text, begin, begin + size);
        }
        begin += size;
      }
    }
    return result;
  }

 private:
  /// Old characters and new ones are paired in order; what is left over of the new comes from the
  /// last old one.
  static void AppendReplacement(const AlignedText& from, ByteSpan old, std::string_view text,
                                AlignedText& result) {
    std::size_t position = old.begin;
    ByteSpan origin;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t size = DecodeAt(text, begin).size;
      if (position < old.end) {
        const std::size_t old_size = DecodeAt(from.view(), position).size;
        origin = from.Origin(position, position + old_size);
        position += old_size;
      }
      result.Append(text.substr(begin, size), origin);
      begin += size;
    }
  }

  Charsmap map_;
};

}  // namespace

std::optional<Charsmap> Charsmap::Parse(std::string_view bytes) {
  if (bytes.size() < 4) {
    return std::nullopt;
  }
  const std::size_t array_bytes = ReadUnit(bytes);
  if (array_bytes == 0 || array_bytes % 4 != 0 || array_bytes > bytes.size() - 4) {
    return std::nullopt;
  }
  Charsmap map;
  map.units_.reserve(array_bytes / 4);
  for (std::size_t i = 0; i < array_bytes; i += 4) {
    map.units_.push_back(ReadUnit(bytes.substr(4 + i, 4)));
  }
  map.replacements_ = bytes.substr(4 + array_bytes);
  if (FindInvalidUtf8(map.replacements_)) {
    return std::nullopt;
  }
  return map;
}

std::optional<std::string_view> Charsmap::Find(std::string_view text) const {
  std::size_t node = OffsetOf(units_.front());
  for (const char byte : text) {
    const auto label = static_cast<unsigned char>(byte);
    node ^= label;
    if (label == 0 || node >= units_.size() || LabelOf(units_[node]) != label) {
      break;
    }
    const std::uint32_t unit = units_[node];
    node ^= OffsetOf(unit);
    if (HasLeaf(unit) && node < units_.size()) {
      const std::size_t begin = units_[node] & 0x7FFFFFFFU;
      if (begin >= replacements_.size()) {
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
