#include "text/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "base/utf8.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

/// FNV-1a: one byte at a time, so that all prefixes of a word are hashed in one pass.
constexpr std::uint64_t kEmptyHash = 0xCBF29CE484222325ULL;

constexpr std::uint64_t Extend(std::uint64_t hash, char byte) {
  return (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001B3ULL;
}

constexpr std::uint64_t Hash(std::string_view text) {
  std::uint64_t hash = kEmptyHash;
  for (const char byte : text) {
    hash = Extend(hash, byte);
  }
  return hash;
}

/// Longer pieces can match only words that are too long for WordPiece anyway (kMaxWordCharacters).
constexpr std::size_t kMaxMatchBytes = 400;

/// The low bits of FNV mix least: take from above.
constexpr std::uint32_t Fold(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32U) ^ static_cast<std::uint32_t>(hash);
}

constexpr std::string_view kInsidePrefix = "##";
constexpr std::uint64_t kInsideSeed = Hash(kInsidePrefix);

std::string Place(const std::string& name, std::size_t index) {
  return name + ":" + std::to_string(index + 1) + ": ";
}

}  // namespace

Vocabulary::Vocabulary(std::string lines, const std::string& name) : lines_(std::move(lines)) {
  if (lines_.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::kUnsupported, name + ": a vocabulary of at most 4 GiB, found " +
                                             std::to_string(lines_.size()) + " bytes");
  }
  if (const auto bad = FindInvalidUtf8(lines_)) {
    const auto line =
        std::count(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(*bad), '\n');
    throw Error(ErrorCode::kBadUtf8, Place(name, static_cast<std::size_t>(line)) +
                                         "expected UTF-8, found an invalid byte at offset " +
                                         std::to_string(*bad) + " of the file");
  }
  Split(name);
  Index(name);
}

void Vocabulary::Split(const std::string& name) {
  std::size_t begin = lines_.size() - WithoutByteOrderMark(lines_).size();
  while (begin < lines_.size()) {
    const std::size_t end = std::min(lines_.find('\n', begin), lines_.size());
    std::size_t size = end - begin;
    if (size > 0 && lines_[end - 1] == '\r') {
      --size;
    }
    if (size == 0) {
      throw Error(ErrorCode::kMalformed,
                  Place(name, pieces_.size()) + "expected a token, found an empty line");
    }
    pieces_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size)});
    longest_piece_ = std::max(longest_piece_, size);
    begin = end + 1;
  }
  if (pieces_.empty()) {
    throw Error(ErrorCode::kMalformed, Place(name, 0) + "expected one token a line, found nothing");
  }
}

void Vocabulary::Index(const std::string& name) {
  slots_.resize(std::bit_ceil(2 * pieces_.size()));
  slot_mask_ = slots_.size() - 1;
  for (std::size_t index = 0; index < pieces_.size(); ++index) {
    const auto id = static_cast<TokenId>(index);
    const std::string_view piece = Piece(id);
    const std::uint64_t hash = Hash(piece);
    const TokenId first = FindHashed(hash, "", piece);
    if (first >= 0) {
      throw Error(ErrorCode::kMalformed, Place(name, index) + "duplicate token \"" +
                                             std::string(piece) + "\" (first at line " +
                                             std::to_string(first + 1) + ")");
    }
    std::size_t slot = Fold(hash) & slot_mask_;
    while (slots_[slot].id >= 0) {
      slot = (slot + 1) & slot_mask_;
    }
    slots_[slot] = {Fold(hash), id};
  }
}

std::string_view Vocabulary::Piece(TokenId id) const {
  const Range range = pieces_[static_cast<std::size_t>(id)];
  return std::string_view(lines_).substr(range.begin, range.size);
}

std::optional<TokenId> Vocabulary::Find(std::string_view piece) const {
  const TokenId id = FindHashed(Hash(piece), "", piece);
  return id >= 0 ? std::optional<TokenId>(id) : std::nullopt;
}

TokenId Vocabulary::FindHashed(std::uint64_t hash, std::string_view prefix,
                               std::string_view body) const {
  const std::uint32_t folded = Fold(hash);
  for (std::size_t slot = folded & slot_mask_; slots_[slot].id >= 0;
       slot = (slot + 1) & slot_mask_) {
    if (slots_[slot].hash != folded) {
      continue;
    }
    const std::string_view piece = Piece(slots_[slot].id);
    if (piece.size() == prefix.size() + body.size() && piece.starts_with(prefix) &&
        piece.ends_with(body)) {
      return slots_[slot].id;
    }
  }
  return -1;
}

Vocabulary::Match Vocabulary::LongestAtBegin(std::string_view text) const {
  return Longest(text, "", kEmptyHash);
}

Vocabulary::Match Vocabulary::LongestInside(std::string_view text) const {
  return Longest(text, kInsidePrefix, kInsideSeed);
}

Vocabulary::Match Vocabulary::Longest(std::string_view text, std::string_view prefix,
                                      std::uint64_t seed) const {
  std::array<std::uint64_t, kMaxMatchBytes + 1> hashes;  // NOLINT: filled up to `limit` below
  const std::size_t limit = std::min({text.size(), longest_piece_, kMaxMatchBytes});
  hashes[0] = seed;
  for (std::size_t i = 0; i < limit; ++i) {
    hashes[i + 1] = Extend(hashes[i], text[i]);
  }
  for (std::size_t size = limit; size > 0; --size) {
    if (size < text.size() && IsContinuationByte(text[size])) {
      continue;
    }
    const TokenId id = FindHashed(hashes[size], prefix, text.substr(0, size));
    if (id >= 0) {
      return {id, size};
    }
  }
  return {};
}

}  // namespace bertqa
