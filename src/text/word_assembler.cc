#include "text/word_assembler.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "base/utf8.h"

namespace bertqa {

void WordAssembler::Add(char32_t code_point, CharacterProperties properties, ByteSpan origin) {
  if (!options_.strip_accents) {
    pieces_.push_back({code_point, properties, /*is_first=*/true, origin});
    return;
  }
  if (!properties.Is(kDecomposes)) {
    needs_reordering_ |= properties.combining_class != 0;
    pieces_.push_back({code_point, properties, /*is_first=*/true, origin});
    return;
  }
  bool is_first = true;
  for (const char32_t part : Decompose(code_point)) {
    const CharacterProperties part_properties = PropertiesOf(part);
    needs_reordering_ |= part_properties.combining_class != 0;
    pieces_.push_back({part, part_properties, is_first, origin});
    is_first = false;
  }
}

void WordAssembler::Flush() {
  if (needs_reordering_) {
    Reorder();
  }
  for (const Piece& piece : pieces_) {
    if (options_.strip_accents && piece.properties.Is(kNonspacingMark)) {
      continue;
    }
    if (options_.lowercase && piece.properties.Is(kHasLowercase)) {
      AppendLowercase(piece);
    } else {
      AppendToWord(piece.code_point, piece.properties, piece.origin);
    }
  }
  FinishWord();
  pieces_.clear();
  needs_reordering_ = false;
}

void WordAssembler::Reorder() {
  std::size_t begin = 0;
  while (begin < pieces_.size()) {
    if (pieces_[begin].properties.combining_class == 0) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < pieces_.size() && pieces_[end].properties.combining_class != 0) {
      ++end;
    }
    SortRun(begin, end);
    begin = end;
  }
}

/// Canonical ordering of one run of non-starters: a stable sort by class, by counting, so that a
/// long run costs linear time.
/// Origins are not sorted along: the oracle hands the sources out in their old order, one to each
/// piece that is the first of its source, and a piece that is not gets its predecessor's
/// (tokenizers, NormalizedString::transform_range).
void WordAssembler::SortRun(std::size_t begin, std::size_t end) {
  const std::span<Piece> run(pieces_.data() + begin, end - begin);
  if (std::is_sorted(run.begin(), run.end(), [](const Piece& left, const Piece& right) {
        return left.properties.combining_class < right.properties.combining_class;
      })) {
    return;
  }
  std::array<std::size_t, 257> places = {};  // of the next piece of each class
  for (const Piece& piece : run) {
    ++places[piece.properties.combining_class + std::size_t{1}];
  }
  std::partial_sum(places.begin(), places.end(), places.begin());
  std::vector<Piece> sorted(run.size());
  std::vector<ByteSpan> sources;
  for (const Piece& piece : run) {
    sorted[places[piece.properties.combining_class]++] = piece;
    if (piece.is_first) {
      sources.push_back(piece.origin);
    }
  }
  std::copy(sorted.begin(), sorted.end(), run.begin());
  std::size_t next_source = 0;
  for (std::size_t i = begin; i < end; ++i) {
    // The run's first piece is a first one unless a starter of the same source precedes it.
    pieces_[i].origin = pieces_[i].is_first ? sources[next_source++] : pieces_[i - 1].origin;
  }
}

void WordAssembler::AppendLowercase(const Piece& piece) {
  for (const char32_t part : Lowercase(piece.code_point)) {
    AppendToWord(part, PropertiesOf(part), piece.origin);
  }
}

void WordAssembler::AppendToWord(char32_t code_point, CharacterProperties properties,
                                 ByteSpan origin) {
  if (properties.Is(kPunctuation)) {
    FinishWord();
  }
  AppendUtf8(word_, code_point);
  origins_.resize(word_.size(), origin);
  ++word_characters_;
  if (properties.Is(kPunctuation)) {
    FinishWord();
  }
}

void WordAssembler::FinishWord() {
  if (!word_.empty()) {
    sink_.OnWord({word_, word_characters_, origins_.front().begin, origins_});
  }
  word_.clear();
  origins_.clear();
  word_characters_ = 0;
}

}  // namespace bertqa
