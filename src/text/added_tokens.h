#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bertqa/tokenizer.h"
#include "text/byte_trie.h"

namespace bertqa {

/// A piece that is looked for in a text before anything cuts it.
struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool is_special = false;   ///< plain text where it stands in a user's text
  bool single_word = false;  ///< not inside a word
  bool strips_left = false;  ///< takes the white space before it along
  bool strips_right = false;
};

/// Finds added tokens: leftmost first, of those the longest. A special one is passed over, with the
/// text that it covers. Immutable after construction.
class AddedTokenFinder {
 public:
  explicit AddedTokenFinder(std::vector<AddedToken> tokens);

  /// No added token is left that a text could contain.
  bool empty() const { return !finds_any_; }

  /// Cuts `text` in ranges, in order and without gaps; an id of -1 is text between tokens.
  std::vector<std::pair<TokenId, ByteSpan>> Cut(std::string_view text) const;

 private:
  /// The longest added token at a place.
  struct Match {
    std::int32_t index = ByteTrie::kNone;  ///< in `tokens_`
    ByteSpan span;
  };
  Match LongestAt(std::string_view text, std::size_t begin) const;
  bool Allows(const AddedToken& token, std::string_view text, ByteSpan match) const;

  std::vector<AddedToken> tokens_;
  ByteTrie trie_;                            ///< values are places in `tokens_`
  std::array<bool, 256> begins_token_ = {};  ///< by first byte
  bool finds_any_ = false;
};

}  // namespace bertqa
