#include "text/sentencepiece_charsmap.h"

#include <algorithm>
#include <array>

#include "bertqa/error.h"
#include "text/sentencepiece_unicode.h"

namespace bertqa::spm {
namespace {

/// `tokenizers`, normalizers/precompiled.rs: larger clusters are taken apart.
constexpr std::size_t kMaxClusterBytes = 5;

std::uint32_t ReadUnit(std::string_view blob, std::size_t index) {
  std::uint32_t unit = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    unit |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(blob[4 * index + i])) << (8 * i);
  }
  return unit;
}

/// The layout of darts-clone's units.
constexpr bool HasLeaf(std::uint32_t unit) {
  return (unit >> 8U & 1U) != 0;
}
constexpr std::uint32_t Label(std::uint32_t unit) {
  return unit & (1U << 31U | 0xFFU);
}
constexpr std::uint32_t Offset(std::uint32_t unit) {
  return unit >> 10U << ((unit & (1U << 9U)) >> 6U);
}
constexpr std::uint32_t Value(std::uint32_t unit) {
  return unit & ~(1U << 31U);
}

/// Where the grapheme cluster that begins at `begin` ends.
const Character* ClusterEnd(const Character* begin, const Character* end) {
  const Character* next = begin + 1;
  ClusterState state;
  while (next != end && !state.IsBreak(next[-1].value, next->value)) {
    ++next;
  }
  return next;
}

}  // namespace

Charsmap::Charsmap(std::string_view blob, const std::string& name) {
  if (blob.empty()) {
    return;
  }
  const std::uint32_t size = blob.size() < 4 ? 0 : ReadUnit(blob, 0);
  if (size == 0 || size % 4 != 0 || size > blob.size() - 4) {
    throw Error(ErrorCode::kMalformed,
                name + ": \"precompiled_charsmap\": expected the size of a double array and the " +
                    "array, found the size " + std::to_string(size) + " with " +
                    std::to_string(blob.size()) + " bytes");
  }
  units_.resize(size / 4);
  for (std::size_t i = 0; i < units_.size(); ++i) {
    units_[i] = ReadUnit(blob, i + 1);
  }
  replacements_ = blob.substr(4 + std::size_t{size});
  if (FindInvalidUtf8(replacements_)) {
    throw Error(ErrorCode::kMalformed,
                name + ": \"precompiled_charsmap\": expected UTF-8, found other bytes");
  }
}

/// What the shortest beginning of `key` that is mapped becomes.
std::optional<std::string_view> Charsmap::Find(std::string_view key) const {
  std::size_t node = Offset(units_[0]);
  for (const char letter : key) {
    const auto byte = static_cast<std::uint8_t>(letter);
    node ^= byte;
    if (byte == 0 || node >= units_.size() || Label(units_[node]) != byte) {
      return std::nullopt;
    }
    const std::uint32_t unit = units_[node];
    node ^= Offset(unit);
    if (node >= units_.size()) {
      return std::nullopt;
    }
    if (HasLeaf(unit)) {
      const std::size_t begin = Value(units_[node]);
      const bool is_inside = begin < replacements_.size() &&
                             (static_cast<std::uint8_t>(replacements_[begin]) & 0xC0U) != 0x80U;
      if (!is_inside) {
        return std::nullopt;
      }
      const std::size_t end = std::min(replacements_.find('\0', begin), replacements_.size());
      return std::string_view(replacements_).substr(begin, end - begin);
    }
  }
  return std::nullopt;
}

void Charsmap::AppendMapped(const Character* begin, const Character* end,
                            Characters& result) const {
  std::string key;
  for (const Character* character = begin; character != end; ++character) {
    AppendUtf8(key, character->value);
  }
  const auto replacement = Find(key);
  if (!replacement) {
    if (end - begin == 1) {
      result.push_back(*begin);
      return;
    }
    for (const Character* character = begin; character != end; ++character) {
      AppendMapped(character, character + 1, result);
    }
    return;
  }
  if (*replacement == " ") {
    result.push_back({U' ', NoBytes(begin->origin)});
    return;
  }
  const Character* old = begin;
  for (std::size_t i = 0; i < replacement->size();) {
    const CodePoint point = DecodeAt(*replacement, i);
    result.push_back({point.value, old->origin});
    old = old + 1 == end ? old : old + 1;
    i += point.size;
  }
}

void Charsmap::Apply(Characters& characters) const {
  if (units_.empty()) {
    return;
  }
  Characters result;
  result.reserve(characters.size());
  const Character* const end = characters.data() + characters.size();
  for (const Character* begin = characters.data(); begin != end;) {
    const Character* const cluster_end = ClusterEnd(begin, end);
    std::size_t bytes = 0;
    for (const Character* character = begin; character != cluster_end; ++character) {
      bytes += Utf8Size(character->value);
    }
    if (bytes <= kMaxClusterBytes) {
      AppendMapped(begin, cluster_end, result);
      begin = cluster_end;
    }
    for (; begin != cluster_end; ++begin) {
      AppendMapped(begin, begin + 1, result);
    }
  }
  characters.swap(result);
}

}  // namespace bertqa::spm
