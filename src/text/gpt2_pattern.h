#pragma once

#include <cstddef>
#include <string_view>

namespace bertqa {

/// GPT-2's pre-tokenization (Radford et al. 2019, encoder.py) is the regular expression
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// which covers any text without a gap. This is its match at `begin`, by hand: where it ends.
/// Linear in the match. REQUIRES: valid UTF-8, begin < text.size() and on a character boundary.
std::size_t Gpt2PieceEnd(std::string_view text, std::size_t begin);

}  // namespace bertqa
