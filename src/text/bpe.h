#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/merge_table.h"
#include "text/piece_table.h"
#include "text/subword_model.h"

namespace bertqa {

/// What a BPE model does besides merging; the names of `tokenizer.json`.
struct BpeOptions {
  bool byte_level = false;  ///< symbols are bytes (Radford et al. 2019), not characters
  std::optional<std::string> unk_token;
  bool fuse_unk = false;           ///< neighbouring unknown characters are one token
  bool byte_fallback = false;      ///< an unknown character is the tokens "<0x0A>" of its bytes
  bool ignore_merges = false;      ///< a word that is a piece is that piece, whatever the merges
  std::string continuing_prefix;   ///< spelled before each character that does not begin a word
  std::string end_of_word_suffix;  ///< spelled behind a word's last character
};

/// Byte-pair encoding (Sennrich et al. 2016, section 3.2): of all neighbours that may be merged,
/// the pair of lowest rank is, the leftmost first, until none is left. A symbol that is no piece,
/// with no token for unknown ones, gives no token. A word of n symbols costs O(n log n).
class BpeModel : public SubwordModel {
 public:
  /// Two pieces, by spelling, that become one; the place in the list is the rank.
  using Merge = std::pair<std::string, std::string>;

  /// `name` is what messages call the merges. Throws Error{kMalformed} for a merge of what is no
  /// piece and for an unknown token that is none.
  BpeModel(std::shared_ptr<const PieceTable> pieces, const std::vector<Merge>& merges,
           BpeOptions options, const std::string& name);

  void Append(std::string_view word, std::vector<WordToken>& tokens) const override;

 private:
  struct Symbol {
    TokenId id = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    MergeTable::Result next_merge;  ///< with the symbol behind it
  };
  class SymbolSink;

  void AddByteSymbols(std::string_view word, SymbolSink& sink) const;
  void AddCharacterSymbols(std::string_view word, SymbolSink& sink) const;
  void AddUnknown(std::string_view spelling, std::size_t begin, std::size_t end,
                  SymbolSink& sink) const;
  void MergeShort(Symbol* symbols, std::size_t count, std::vector<WordToken>& tokens) const;
  void MergeLong(std::vector<Symbol> symbols, std::vector<WordToken>& tokens) const;
  TokenId WholeWord(std::string_view word) const;

  std::shared_ptr<const PieceTable> pieces_;
  MergeTable merges_;
  BpeOptions options_;
  TokenId unknown_id_ = -1;
  std::array<TokenId, 256> byte_ids_ = {};  ///< of the symbol of a byte, or its "<0x…>"
};

}  // namespace bertqa
