#include "text/unigram.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/utf8.h"
#include "text/byte_spelling.h"

namespace bertqa {
namespace {

/// sentencepiece, kUnkPenalty.
constexpr double kUnknownPenalty = 10;

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

/// The best way to a place in the word: its last piece.
struct Node {
  double score = 0;
  std::size_t begin = kNowhere;
  TokenId id = -1;

  void Offer(double candidate, std::size_t piece_begin, TokenId piece) {
    if (begin == kNowhere || candidate > score) {
      *this = {candidate, piece_begin, piece};
    }
  }
};

}  // namespace

UnigramModel::UnigramModel(std::shared_ptr<const PieceTable> pieces, std::vector<double> scores,
                           TokenId unknown_id, bool byte_fallback)
    : pieces_(std::move(pieces)), scores_(std::move(scores)), unknown_id_(unknown_id) {
  for (std::size_t index = 0; index < pieces_->size() && index < scores_.size(); ++index) {
    const auto id = static_cast<TokenId>(index);
    if (!pieces_->IsHidden(id) && !pieces_->Piece(id).empty()) {
      trie_.Add(pieces_->Piece(id), id);
    }
  }
  unknown_score_ = (scores_.empty() ? 0 : std::ranges::min(scores_)) - kUnknownPenalty;
  for (unsigned byte = 0; byte_fallback && byte < 256; ++byte) {
    byte_ids_.push_back(pieces_->FindAny(SpellFallback(byte)));
  }
}

void UnigramModel::AppendUnknown(std::string_view text, std::size_t begin,
                                 std::vector<WordToken>& tokens) const {
  const auto id_of = [this](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  const std::size_t end = begin + text.size();
  if (!byte_ids_.empty() && std::ranges::all_of(text, [&](char b) { return id_of(b) >= 0; })) {
    for (const char byte : text) {
      tokens.push_back({id_of(byte), begin, end});
    }
  } else if (unknown_id_ >= 0) {
    tokens.push_back({unknown_id_, begin, end});
  }
}

void UnigramModel::Append(std::string_view word, std::vector<WordToken>& tokens) const {
  std::vector<Node> best(word.size() + 1);  // by where the way ends
  for (std::size_t begin = 0; begin < word.size();) {
    const double score = best[begin].score;
    const std::size_t character_end = begin + DecodeAt(word, begin).size;
    bool is_known = false;
    std::uint32_t node = ByteTrie::kRoot;
    for (std::size_t end = begin; end < word.size();) {
      node = trie_.Next(node, word[end++]);
      if (node == ByteTrie::kNoNode) {
        break;
      }
      const TokenId id = trie_.Value(node);
      if (id >= 0) {
        best[end].Offer(scores_[static_cast<std::size_t>(id)] + score, begin, id);
        is_known |= end == character_end;
      }
    }
    if (!is_known) {
      best[character_end].Offer(unknown_score_ + score, begin, -1);
    }
    begin = character_end;
  }
  std::vector<std::pair<TokenId, ByteSpan>> cuts;  // from the end
  for (std::size_t end = word.size(); end > 0;) {
    const Node& node = best[end];
    const bool is_unknown = node.id < 0 || node.id == unknown_id_;
    if (is_unknown && !cuts.empty() && cuts.back().first < 0) {
      cuts.back().second.begin = node.begin;
    } else {
      cuts.push_back({is_unknown ? -1 : node.id, {node.begin, end}});
    }
    end = node.begin;
  }
  for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
    const auto [begin, end] = cut->second;
    if (cut->first >= 0) {
      tokens.push_back({cut->first, begin, end});
    } else {
      AppendUnknown(word.substr(begin, end - begin), begin, tokens);
    }
  }
}

}  // namespace bertqa
