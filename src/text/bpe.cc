#include "text/bpe.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <utility>

#include "base/utf8.h"
#include "bertqa/error.h"
#include "text/byte_spelling.h"

namespace bertqa {
namespace {

/// Words up to here are merged on the stack, by looking for the lowest rank each time.
constexpr std::size_t kShortWord = 48;

}  // namespace

BpeModel::BpeModel(std::shared_ptr<const PieceTable> pieces, const std::vector<Merge>& merges,
                   BpeOptions options, const std::string& name)
    : pieces_(std::move(pieces)), merges_(merges.size()), options_(std::move(options)) {
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    std::string merged = left;
    merged += std::string_view(right).substr(
        right.starts_with(options_.continuing_prefix) ? options_.continuing_prefix.size() : 0);
    const TokenId ids[] = {pieces_->FindAny(left), pieces_->FindAny(right),
                           pieces_->FindAny(merged)};
    if (std::ranges::min(ids) < 0) {
      throw Error(ErrorCode::kMalformed, name + ": merge " + std::to_string(rank + 1) + " \"" +
                                             left + " " + right +
                                             "\": all three pieces are expected in the "
                                             "vocabulary, at least one is not there");
    }
    merges_.Add(ids[0], ids[1], {static_cast<std::uint32_t>(rank), ids[2]});
  }
  if (options_.unk_token) {
    unknown_id_ = pieces_->FindAny(*options_.unk_token);
    if (unknown_id_ < 0) {
      throw Error(ErrorCode::kMalformed, name + ": the unknown token \"" + *options_.unk_token +
                                             "\" is expected in the vocabulary, it is not there");
    }
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    byte_ids_[byte] =
        pieces_->FindAny(options_.byte_level ? SpellBytes({&character, 1}) : SpellFallback(byte));
  }
}

/// Up to kShortWord symbols on the stack, more of them in a vector; and an unknown token that waits
/// for more to fuse with.
class BpeModel::SymbolSink {
 public:
  void Add(TokenId id, std::size_t begin, std::size_t end) {
    FlushUnknown();
    Push(id, begin, end);
  }

  /// As `tokenizers` does, bytes of an unknown character do not end the wait.
  void Push(TokenId id, std::size_t begin, std::size_t end) {
    const Symbol symbol = {
        id, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), {}};
    if (count_ < kShortWord) {
      few_[count_] = symbol;
    } else {
      if (many_.empty()) {
        many_.assign(few_.begin(), few_.end());
      }
      many_.push_back(symbol);
    }
    ++count_;
  }

  void AddUnknown(TokenId id, std::size_t begin, std::size_t end, bool fuse) {
    if (unknown_.id >= 0 && fuse) {
      unknown_.end = end;
      return;
    }
    FlushUnknown();
    unknown_ = {id, begin, end};
  }

  void FlushUnknown() {
    if (unknown_.id >= 0) {
      Push(unknown_.id, unknown_.begin, unknown_.end);
      unknown_.id = -1;
    }
  }

  bool is_short() const { return many_.empty(); }
  std::size_t count() const { return count_; }
  Symbol* few() { return few_.data(); }
  std::vector<Symbol> TakeMany() { return std::move(many_); }

 private:
  std::array<Symbol, kShortWord> few_;  // NOLINT: filled up to `count_`
  std::vector<Symbol> many_;
  std::size_t count_ = 0;
  WordToken unknown_ = {-1, 0, 0};
};

void BpeModel::AddUnknown(std::string_view spelling, std::size_t begin, std::size_t end,
                          SymbolSink& sink) const {
  const auto id_of = [this](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  if (options_.byte_fallback && !options_.byte_level &&
      std::ranges::all_of(spelling, [&](char byte) { return id_of(byte) >= 0; })) {
    for (const char byte : spelling) {
      sink.Push(id_of(byte), begin, end);
    }
  } else if (unknown_id_ >= 0) {
    sink.AddUnknown(unknown_id_, begin, end, options_.fuse_unk);
  }
}

void BpeModel::AddByteSymbols(std::string_view word, SymbolSink& sink) const {
  for (std::size_t i = 0; i < word.size(); ++i) {
    const TokenId id = byte_ids_[static_cast<unsigned char>(word[i])];
    if (id >= 0) {
      sink.Add(id, i, i + 1);
    } else {
      AddUnknown(word.substr(i, 1), i, i + 1, sink);
    }
  }
  sink.FlushUnknown();
}

void BpeModel::AddCharacterSymbols(std::string_view word, SymbolSink& sink) const {
  std::string spelling;
  for (std::size_t begin = 0; begin < word.size();) {
    const std::size_t end = begin + DecodeAt(word, begin).size;
    spelling = begin > 0 ? options_.continuing_prefix : "";
    spelling += word.substr(begin, end - begin);
    spelling += end == word.size() ? options_.end_of_word_suffix : "";
    const TokenId id = pieces_->Find(spelling);
    if (id >= 0) {
      sink.Add(id, begin, end);
    } else {
      AddUnknown(spelling, begin, end, sink);
    }
    begin = end;
  }
  sink.FlushUnknown();
}

TokenId BpeModel::WholeWord(std::string_view word) const {
  return pieces_->Find(options_.byte_level ? SpellBytes(word) : std::string(word));
}

void BpeModel::Append(std::string_view word, std::vector<WordToken>& tokens) const {
  if (options_.ignore_merges) {
    if (const TokenId id = WholeWord(word); id >= 0) {
      tokens.push_back({id, 0, word.size()});
      return;
    }
  }
  SymbolSink sink;
  if (options_.byte_level) {
    AddByteSymbols(word, sink);
  } else {
    AddCharacterSymbols(word, sink);
  }
  if (sink.is_short()) {
    MergeShort(sink.few(), sink.count(), tokens);
  } else {
    MergeLong(sink.TakeMany(), tokens);
  }
}

void BpeModel::MergeShort(Symbol* symbols, std::size_t count,
                          std::vector<WordToken>& tokens) const {
  for (std::size_t i = 0; i + 1 < count; ++i) {
    symbols[i].next_merge = merges_.Find(symbols[i].id, symbols[i + 1].id);
  }
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      best = symbols[i].next_merge.rank < symbols[best].next_merge.rank ? i : best;
    }
    if (symbols[best].next_merge.rank == MergeTable::kNever) {
      break;
    }
    symbols[best].id = symbols[best].next_merge.id;
    symbols[best].end = symbols[best + 1].end;
    std::copy(symbols + best + 2, symbols + count, symbols + best + 1);
    --count;
    symbols[best].next_merge = best + 1 < count
                                   ? merges_.Find(symbols[best].id, symbols[best + 1].id)
                                   : MergeTable::Result{};
    if (best > 0) {
      symbols[best - 1].next_merge = merges_.Find(symbols[best - 1].id, symbols[best].id);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    tokens.push_back({symbols[i].id, symbols[i].begin, symbols[i].end});
  }
}

/// The same with a linked list and a heap of what may be merged; an entry that the list has moved
/// on from is passed over.
void BpeModel::MergeLong(std::vector<Symbol> symbols, std::vector<WordToken>& tokens) const {
  using Entry = std::tuple<std::uint32_t, std::size_t, TokenId>;  // rank, left symbol, result
  const std::size_t end = symbols.size();
  std::vector<std::size_t> next(end);
  std::vector<std::size_t> previous(end);
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  const auto offer = [&](std::size_t left) {
    Symbol& symbol = symbols[left];
    symbol.next_merge =
        next[left] < end ? merges_.Find(symbol.id, symbols[next[left]].id) : MergeTable::Result{};
    if (symbol.next_merge.rank != MergeTable::kNever) {
      queue.emplace(symbol.next_merge.rank, left, symbol.next_merge.id);
    }
  };
  for (std::size_t i = 0; i < end; ++i) {
    next[i] = i + 1;
    previous[i] = i == 0 ? end : i - 1;
  }
  for (std::size_t i = 0; i < end; ++i) {
    offer(i);
  }
  while (!queue.empty()) {
    const auto [rank, left, id] = queue.top();
    queue.pop();
    if (symbols[left].next_merge.rank != rank || symbols[left].next_merge.id != id) {
      continue;
    }
    const std::size_t right = next[left];
    symbols[left].id = id;
    symbols[left].end = symbols[right].end;
    symbols[right].next_merge = {};
    next[left] = next[right];
    if (next[right] < end) {
      previous[next[right]] = left;
    }
    offer(left);
    if (previous[left] < end) {
      offer(previous[left]);
    }
  }
  for (std::size_t i = 0; i < end; i = next[i]) {
    tokens.push_back({symbols[i].id, symbols[i].begin, symbols[i].end});
  }
}

}  // namespace bertqa
