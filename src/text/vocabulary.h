#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bertqa/tokenizer.h"

namespace bertqa {

/// A WordPiece vocabulary: one token a line, the line number counted from 0 is the id.
/// Immutable after construction.
class Vocabulary {
 public:
  /// `lines` is the text of a vocabulary file (LF or CRLF); `name` is for messages.
  /// Throws Error{kMalformed} "<name>:LINE: …" for an empty or repeated token and for no token at
  /// all, Error{kBadUtf8} for bytes that are not UTF-8.
  Vocabulary(std::string lines, const std::string& name);

  std::size_t size() const { return pieces_.size(); }

  /// REQUIRES: id < size().
  std::string_view Piece(TokenId id) const;

  std::optional<TokenId> Find(std::string_view piece) const;

  struct Match {
    TokenId id = 0;
    std::size_t bytes = 0;  ///< of the text; 0: nothing matches
  };

  /// The longest piece that `text` begins with, among those that begin a word (their spelling is
  /// the text) or those that go on with it ("##" and the text).
  /// REQUIRES: valid UTF-8.
  Match LongestAtBegin(std::string_view text) const;
  Match LongestInside(std::string_view text) const;

 private:
  /// Where a piece lies in `lines_`; offsets, so that moving the object changes nothing.
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  /// One place of the hash table (open addressing, linear probing).
  struct Slot {
    std::uint32_t hash = 0;
    TokenId id = -1;
  };

  void Split(const std::string& name);
  void Index(const std::string& name);
  Match Longest(std::string_view text, std::string_view prefix, std::uint64_t seed) const;
  TokenId FindHashed(std::uint64_t hash, std::string_view prefix, std::string_view body) const;

  std::string lines_;
  std::vector<Range> pieces_;
  std::vector<Slot> slots_;  ///< a power of two, at most half full
  std::size_t slot_mask_ = 0;
  std::size_t longest_piece_ = 0;  ///< in bytes
};

}  // namespace bertqa
