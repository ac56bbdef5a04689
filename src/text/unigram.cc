#include "text/unigram.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "base/utf8.h"

namespace bertqa {
namespace {

/// sentencepiece and `tokenizers`: kUnkPenalty.
constexpr double kUnknownPenalty = 10;
constexpr TokenId kUnknown = -1;
constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

}  // namespace

/// The best way to a place in the word: its last piece.
struct UnigramModel::Node {
  double score = 0;
  std::size_t begin = kNowhere;
  TokenId id = kUnknown;

  void Offer(double candidate, std::size_t piece_begin, TokenId piece) {
    if (begin == kNowhere || candidate > score) {
      *this = {candidate, piece_begin, piece};
    }
  }
};

UnigramModel::UnigramModel(const std::vector<ScoredPiece>& pieces, UnigramOptions options)
    : pieces_(pieces), options_(std::move(options)) {
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    trie_.Add(std::exchange(pieces_[i].text, {}), static_cast<std::int32_t>(i));
  }
}

/// Offers every piece that begins at `begin`; returns the size of the character there.
std::size_t UnigramModel::Extend(std::string_view word, std::size_t begin,
                                 std::vector<Node>& nodes) const {
  const double score = nodes[begin].score;
  const std::size_t character_end = begin + DecodeAt(word, begin).size;
  bool is_known = false;
  std::uint32_t place = ByteTrie::kRoot;
  for (std::size_t end = begin; end < word.size();) {
    place = trie_.Next(place, word[end++]);
    if (place == ByteTrie::kNoNode) {
      break;
    }
    if (const std::int32_t index = trie_.Value(place); index != ByteTrie::kNone) {
      const ScoredPiece& piece = pieces_[static_cast<std::size_t>(index)];
      nodes[end].Offer(piece.score + score, begin,
                       piece.id == options_.unknown_id ? kUnknown : piece.id);
      is_known = is_known || end == character_end;
    }
  }
  if (!is_known) {
    nodes[character_end].Offer(options_.lowest_score - kUnknownPenalty + score, begin, kUnknown);
  }
  return character_end - begin;
}

/// Replaces the unknown ones from `first` on by what stands for them.
void UnigramModel::ResolveUnknown(std::string_view word, std::size_t first,
                                  std::vector<WordToken>& tokens) const {
  const std::vector<WordToken> cuts(tokens.begin() + static_cast<std::ptrdiff_t>(first),
                                    tokens.end());
  const auto id_of = [this](char byte) {
    return options_.byte_ids[static_cast<unsigned char>(byte)];
  };
  tokens.resize(first);
  for (const WordToken& cut : cuts) {
    const std::string_view text = word.substr(cut.begin, cut.end - cut.begin);
    if (cut.id != kUnknown) {
      tokens.push_back(cut);
    } else if (!options_.byte_ids.empty() &&
               std::ranges::all_of(text, [&](char byte) { return id_of(byte) >= 0; })) {
      for (const char byte : text) {
        tokens.push_back({id_of(byte), cut.begin, cut.end});
      }
    } else if (options_.unknown_id >= 0) {
      tokens.push_back({options_.unknown_id, cut.begin, cut.end});
    }
  }
}

void UnigramModel::Append(std::string_view word, std::vector<WordToken>& tokens) const {
  std::vector<Node> nodes(word.size() + 1);  // by where the way ends
  for (std::size_t begin = 0; begin < word.size();) {
    begin += Extend(word, begin, nodes);
  }
  const std::size_t first = tokens.size();
  bool has_unknown = false;
  for (std::size_t end = word.size(); end > 0; end = nodes[end].begin) {
    const Node& node = nodes[end];
    has_unknown = has_unknown || node.id == kUnknown;
    if (node.id == kUnknown && tokens.size() > first && tokens.back().id == kUnknown) {
      tokens.back().begin = node.begin;
    } else {
      tokens.push_back({node.id, node.begin, end});
    }
  }
  std::reverse(tokens.begin() + static_cast<std::ptrdiff_t>(first), tokens.end());
  if (has_unknown) {
    ResolveUnknown(word, first, tokens);
  }
}

}  // namespace bertqa
