#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "base/utf8.h"
#include "text/sentencepiece_model.h"

namespace bertqa::spm {
namespace {

/// `tokenizers`, models/unigram/model.rs: `K_UNK_PENALTY`.
constexpr double kUnknownPenalty = 10.0;

/// All pieces, a node for each of their beginnings. Children are found in one hash table of
/// (node, byte), because most nodes have one child.
class Trie {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t kRoot = 0;

  explicit Trie(const std::vector<ScoredPiece>& pieces) {
    values_.push_back(kNone);
    std::size_t bytes = 1;
    for (const ScoredPiece& piece : pieces) {
      bytes += piece.text.size();
    }
    Grow(std::bit_ceil(bytes));  // beginnings are shared: about half of it
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      std::uint32_t node = kRoot;
      for (const char byte : pieces[i].text) {
        node = ChildOrNew(node, byte);
      }
      values_[node] = static_cast<std::uint32_t>(i);
    }
  }

  std::uint32_t Child(std::uint32_t node, char byte) const {
    return slots_[Find(node, byte)].child;
  }

  /// The piece that ends at the node, or kNone.
  std::uint32_t Value(std::uint32_t node) const { return values_[node]; }

 private:
  struct Slot {
    std::uint32_t key = 0;
    std::uint32_t child = kNone;
  };

  /// Nodes fit, because ReadModelFile takes no more than kMaxPieceBytes.
  static std::uint32_t Key(std::uint32_t node, char byte) {
    return node << 8U | static_cast<std::uint8_t>(byte);
  }
  static_assert(kMaxPieceBytes < 1U << 24U);

  /// Where the key is, or belongs.
  std::size_t Find(std::uint32_t node, char byte) const {
    const std::uint32_t key = Key(node, byte);
    std::size_t slot = std::uint64_t{key} * 0x9E3779B97F4A7C15ULL >> shift_;
    while (slots_[slot].child != kNone && slots_[slot].key != key) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
  }

  std::uint32_t ChildOrNew(std::uint32_t node, char byte) {
    const std::size_t slot = Find(node, byte);
    if (slots_[slot].child != kNone) {
      return slots_[slot].child;
    }
    const auto child = static_cast<std::uint32_t>(values_.size());
    slots_[slot] = {Key(node, byte), child};
    values_.push_back(kNone);
    if (2 * values_.size() > slots_.size()) {
      Grow(2 * slots_.size());
    }
    return child;
  }

  void Grow(std::size_t size) {
    std::vector<Slot> old(std::max<std::size_t>(size, 16));
    old.swap(slots_);
    shift_ = 64U - static_cast<unsigned>(std::countr_zero(slots_.size()));
    for (const Slot& slot : old) {
      if (slot.child != kNone) {
        slots_[Find(slot.key >> 8U, static_cast<char>(slot.key))] = slot;
      }
    }
  }

  std::vector<std::uint32_t> values_;  ///< [nodes]
  std::vector<Slot> slots_;            ///< a power of two, at most half full
  unsigned shift_ = 0;
};

/// The best way to a place of the word.
struct Node {
  double score = 0;
  std::size_t begin = std::numeric_limits<std::size_t>::max();  ///< of its last piece; max: no way
  TokenId id = 0;

  void Offer(double candidate, std::size_t from, TokenId candidate_id) {
    if (begin == std::numeric_limits<std::size_t>::max() || candidate > score) {
      *this = {candidate, from, candidate_id};
    }
  }
};

class Unigram : public PieceModel {
 public:
  Unigram(const std::vector<ScoredPiece>& pieces, TokenId unknown_id, double lowest_score)
      : trie_(pieces), unknown_id_(unknown_id), unknown_score_(lowest_score - kUnknownPenalty) {
    values_.reserve(pieces.size());
    for (const ScoredPiece& piece : pieces) {
      values_.push_back({piece.score, piece.id});
    }
  }

  void Split(std::string_view word, std::vector<Segment>& segments) const override {
    std::vector<Node> nodes(word.size() + 1);
    for (std::size_t begin = 0; begin < word.size();) {
      begin += Extend(word, begin, nodes);
    }
    segments.clear();
    for (std::size_t end = word.size(); end > 0; end = nodes[end].begin) {
      const Node& node = nodes[end];
      const bool continues_unknown =
          node.id == unknown_id_ && !segments.empty() && segments.back().id == unknown_id_;
      if (continues_unknown) {
        segments.back().begin = node.begin;
      } else {
        segments.push_back({node.id, node.begin, end});
      }
    }
    std::reverse(segments.begin(), segments.end());
  }

 private:
  /// Offers every piece that begins at `begin`; returns the size of the character there.
  std::size_t Extend(std::string_view word, std::size_t begin, std::vector<Node>& nodes) const {
    const double score = nodes[begin].score;
    const std::size_t character_end = begin + DecodeAt(word, begin).size;
    bool is_known = false;
    std::uint32_t place = Trie::kRoot;
    for (std::size_t end = begin; end < word.size();) {
      place = trie_.Child(place, word[end]);
      if (place == Trie::kNone) {
        break;
      }
      ++end;
      if (trie_.Value(place) != Trie::kNone) {
        const auto& [piece_score, id] = values_[trie_.Value(place)];
        nodes[end].Offer(piece_score + score, begin, id);
        is_known = is_known || end == character_end;
      }
    }
    if (!is_known) {
      nodes[character_end].Offer(unknown_score_ + score, begin, unknown_id_);
    }
    return character_end - begin;
  }

  Trie trie_;
  std::vector<std::pair<double, TokenId>> values_;
  TokenId unknown_id_ = 0;
  double unknown_score_ = 0;
};

}  // namespace

std::unique_ptr<PieceModel> MakeUnigram(const std::vector<ScoredPiece>& pieces, TokenId unknown_id,
                                        double lowest_score) {
  return std::make_unique<Unigram>(pieces, unknown_id, lowest_score);
}

}  // namespace bertqa::spm
