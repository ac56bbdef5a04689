#include "text/sentencepiece_bpe.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <tuple>
#include <unordered_map>

#include "base/utf8.h"

namespace bertqa::spm {
namespace {

/// Two neighbours that become one.
struct Merge {
  std::size_t rank = 0;
  TokenId id = 0;
};

std::uint64_t PairKey(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32U |
         static_cast<std::uint32_t>(right);
}

/// A way to make a piece of two others.
struct Candidate {
  double score = 0;
  std::size_t left_characters = 0;
  std::size_t right_characters = 0;
  std::size_t order = 0;  ///< in which it was found
  std::uint64_t pair = 0;
  TokenId id = 0;
};

using Vocabulary = std::unordered_map<std::string_view, TokenId>;

void AppendCandidates(const ScoredPiece& piece, const Vocabulary& vocabulary,
                      std::vector<Candidate>& candidates) {
  const std::size_t characters = CountCodePoints(piece.text);
  std::size_t cut = 0;
  for (std::size_t left = 1; left < characters; ++left) {
    cut += DecodeAt(piece.text, cut).size;
    const auto first = vocabulary.find(piece.text.substr(0, cut));
    const auto second = vocabulary.find(piece.text.substr(cut));
    if (first != vocabulary.end() && second != vocabulary.end()) {
      candidates.push_back({piece.score, left, characters - left, candidates.size(),
                            PairKey(first->second, second->second), piece.id});
    }
  }
}

/// transformers 4.57.6, convert_slow_tokenizer.py, `generate_merges`: the higher score first, then
/// the longer left part.
std::unordered_map<std::uint64_t, Merge> MakeMerges(const std::vector<ScoredPiece>& pieces,
                                                    const Vocabulary& vocabulary) {
  std::vector<Candidate> candidates;
  for (const ScoredPiece& piece : pieces) {
    AppendCandidates(piece, vocabulary, candidates);
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& left, const Candidate& right) {
              if (left.score != right.score) {
                return left.score > right.score;
              }
              return std::tie(right.left_characters, right.right_characters, left.order) <
                     std::tie(left.left_characters, left.right_characters, right.order);
            });
  std::unordered_map<std::uint64_t, Merge> merges;
  merges.reserve(candidates.size());
  for (std::size_t rank = 0; rank < candidates.size(); ++rank) {
    merges[candidates[rank].pair] = {rank, candidates[rank].id};
  }
  return merges;
}

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

/// A token in a list of neighbours; merged away if its end is its begin.
struct Symbol {
  WordToken token;
  std::size_t previous = kNowhere;
  std::size_t next = kNowhere;
};

/// A merge that was possible when it was queued. The lowest rank goes first, of equals the
/// leftmost.
struct Step {
  Merge merge;
  std::size_t left = 0;

  bool operator<(const Step& other) const {
    return merge.rank != other.merge.rank ? merge.rank > other.merge.rank : left > other.left;
  }
};

class Bpe : public SubwordModel {
 public:
  Bpe(const std::vector<ScoredPiece>& pieces, TokenId unknown_id) : unknown_id_(unknown_id) {
    Vocabulary vocabulary;
    vocabulary.reserve(pieces.size());
    for (const ScoredPiece& piece : pieces) {
      vocabulary.emplace(piece.text, piece.id);
      const CodePoint first = DecodeAt(piece.text, 0);
      if (first.size == piece.text.size()) {
        characters_.emplace(first.value, piece.id);
      }
    }
    merges_ = MakeMerges(pieces, vocabulary);
  }

  void Append(std::string_view word, std::vector<WordToken>& tokens) const override {
    std::vector<Symbol> symbols = Characters(word);
    std::priority_queue<Step> steps;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      Offer(symbols, i, steps);
    }
    while (!steps.empty()) {
      const Step step = steps.top();
      steps.pop();
      Apply(step, symbols, steps);
    }
    for (const Symbol& symbol : symbols) {
      if (symbol.token.begin != symbol.token.end) {
        tokens.push_back(symbol.token);
      }
    }
  }

 private:
  std::vector<Symbol> Characters(std::string_view word) const {
    std::vector<Symbol> symbols;
    for (std::size_t begin = 0; begin < word.size();) {
      const CodePoint point = DecodeAt(word, begin);
      const auto found = characters_.find(point.value);
      const TokenId id = found == characters_.end() ? unknown_id_ : found->second;
      const std::size_t end = begin + point.size;
      if (id == unknown_id_ && !symbols.empty() && symbols.back().token.id == unknown_id_) {
        symbols.back().token.end = end;
      } else {
        symbols.push_back({{id, begin, end}});
      }
      begin = end;
    }
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      symbols[i].previous = i == 0 ? kNowhere : i - 1;
      symbols[i].next = i + 1 == symbols.size() ? kNowhere : i + 1;
    }
    return symbols;
  }

  /// Queues the merge of a symbol and its right neighbour, if there is one.
  void Offer(const std::vector<Symbol>& symbols, std::size_t left,
             std::priority_queue<Step>& steps) const {
    const std::size_t right = symbols[left].next;
    if (right == kNowhere) {
      return;
    }
    const auto merge = merges_.find(PairKey(symbols[left].token.id, symbols[right].token.id));
    if (merge != merges_.end()) {
      steps.push({merge->second, left});
    }
  }

  void Apply(const Step& step, std::vector<Symbol>& symbols,
             std::priority_queue<Step>& steps) const {
    Symbol& left = symbols[step.left];
    if (left.token.begin == left.token.end || left.next == kNowhere) {
      return;
    }
    Symbol& right = symbols[left.next];
    const auto merge = merges_.find(PairKey(left.token.id, right.token.id));
    if (merge == merges_.end() || merge->second.id != step.merge.id) {
      return;  // one of the two became something else since
    }
    left.token.id = step.merge.id;
    left.token.end = right.token.end;
    right.token.end = right.token.begin;
    left.next = right.next;
    if (left.next != kNowhere) {
      symbols[left.next].previous = step.left;
    }
    if (left.previous != kNowhere) {
      Offer(symbols, left.previous, steps);
    }
    Offer(symbols, step.left, steps);
  }

  std::unordered_map<char32_t, TokenId> characters_;
  std::unordered_map<std::uint64_t, Merge> merges_;
  TokenId unknown_id_ = 0;
};

}  // namespace

std::unique_ptr<SubwordModel> MakeBpe(const std::vector<ScoredPiece>& pieces, TokenId unknown_id) {
  return std::make_unique<Bpe>(pieces, unknown_id);
}

}  // namespace bertqa::spm
