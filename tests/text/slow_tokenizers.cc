#include "text/slow_tokenizers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "text/unicode.h"

namespace bertqa {
namespace {

/// What cannot be a rank.
constexpr std::size_t kNever = static_cast<std::size_t>(-1);

std::vector<ByteSpan> CharacterSpans(std::string_view text) {
  std::vector<ByteSpan> spans;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = begin + DecodeAt(text, begin).size;
    spans.push_back({begin, end});
    begin = end;
  }
  return spans;
}

/// The alternatives of GPT-2's expression at a place among the characters.
class Gpt2Matcher {
 public:
  explicit Gpt2Matcher(std::string_view text) : text_(text), spans_(CharacterSpans(text)) {}

  std::size_t size() const { return spans_.size(); }
  ByteSpan Bytes(std::size_t begin, std::size_t end) const {
    return {spans_[begin].begin, spans_[end - 1].end};
  }

  /// Where the match at `begin` ends.
  std::size_t Match(std::size_t begin) const {
    for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
      if (text_.substr(spans_[begin].begin).starts_with(ending)) {
        return begin + ending.size();
      }
    }
    for (const auto is_member : {IsLetter, IsNumber, IsOther}) {
      if (const std::size_t end = AfterSpaceAndRun(begin, is_member); end > begin) {
        return end;
      }
    }
    const std::size_t end = RunEnd(begin, IsSpace);
    for (std::size_t shorter = end; shorter > begin; --shorter) {  // \s+(?!\S), longest first
      if (shorter == size() || IsSpace(Flags(shorter))) {
        return shorter;
      }
    }
    return end;  // \s+
  }

 private:
  static bool IsLetter(CharacterProperties flags) { return flags.Is(kLetter); }
  static bool IsNumber(CharacterProperties flags) { return flags.Is(kNumber); }
  static bool IsSpace(CharacterProperties flags) { return flags.Is(kWhiteSpace); }
  static bool IsOther(CharacterProperties flags) {
    return !IsLetter(flags) && !IsNumber(flags) && !IsSpace(flags);
  }

  CharacterProperties Flags(std::size_t index) const {
    return PropertiesOf(DecodeAt(text_, spans_[index].begin).value);
  }
  std::size_t RunEnd(std::size_t begin, bool (*is_member)(CharacterProperties)) const {
    while (begin < size() && is_member(Flags(begin))) {
      ++begin;
    }
    return begin;
  }
  /// " ?X+": where it ends, or `begin`.
  std::size_t AfterSpaceAndRun(std::size_t begin, bool (*is_member)(CharacterProperties)) const {
    const bool has_space = text_[spans_[begin].begin] == ' ';
    const std::size_t run = begin + (has_space ? 1 : 0);
    const std::size_t end = RunEnd(run, is_member);
    return end > run ? end : RunEnd(begin, is_member);
  }

  std::string_view text_;
  std::vector<ByteSpan> spans_;
};

/// A way to cut the beginning of a word, from its end: begins of the last piece, the last but one…
struct Cut {
  double score = 0;
  std::vector<std::size_t> begins;
};

}  // namespace

SlowBpe::SlowBpe(const PieceTable& pieces, const std::vector<BpeModel::Merge>& merges)
    : pieces_(pieces) {
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    ranks_[merges[rank]] = rank;
  }
}

std::vector<WordToken> SlowBpe::Tokens(std::string_view word) const {
  std::vector<std::string> symbols;
  std::vector<ByteSpan> spans;
  for (std::size_t i = 0; i < word.size(); ++i) {
    symbols.emplace_back(word.substr(i, 1));
    spans.push_back({i, i + 1});
  }
  return Tokens(std::move(symbols), std::move(spans));
}

std::vector<WordToken> SlowBpe::Tokens(std::vector<std::string> symbols,
                                       std::vector<ByteSpan> spans) const {
  while (true) {
    std::size_t best_rank = kNever;
    std::size_t best = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = ranks_.find({symbols[i], symbols[i + 1]});
      if (found != ranks_.end() && found->second < best_rank) {
        best_rank = found->second;
        best = i;
      }
    }
    if (best_rank == kNever) {
      break;
    }
    const auto next = static_cast<std::ptrdiff_t>(best) + 1;
    symbols[best] += symbols[best + 1];
    spans[best].end = spans[best + 1].end;
    symbols.erase(symbols.begin() + next);
    spans.erase(spans.begin() + next);
  }
  std::vector<WordToken> tokens;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    tokens.push_back({pieces_.Find(symbols[i]), spans[i].begin, spans[i].end});
  }
  return tokens;
}

std::vector<ByteSpan> SlowGpt2Pieces(std::string_view text) {
  const Gpt2Matcher matcher(text);
  std::vector<ByteSpan> pieces;
  for (std::size_t begin = 0; begin < matcher.size();) {
    const std::size_t end = matcher.Match(begin);
    pieces.push_back(matcher.Bytes(begin, end));
    begin = end;
  }
  return pieces;
}

SlowWordPiece::SlowWordPiece(const std::vector<std::string>& pieces, const WordPieceConfig& config)
    : config_(config) {
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    ids_[pieces[id]] = static_cast<TokenId>(id);
  }
}

SlowWordPiece::Characters SlowWordPiece::Clean(std::string_view text) const {
  Characters characters;
  for (const ByteSpan span : CharacterSpans(text)) {
    const char32_t value = DecodeAt(text, span.begin).value;
    const CharacterProperties flags = PropertiesOf(value);
    if (flags.Is(kRemoved)) {
      continue;
    }
    if (flags.Is(kSpace)) {
      characters.push_back({U' ', span});
    } else if (config_.tokenize_chinese_chars && flags.Is(kChinese)) {
      characters.push_back({U' ', {span.begin, span.begin}});
      characters.push_back({value, span});
      characters.push_back({U' ', {span.end, span.end}});
    } else {
      characters.push_back({value, span});
    }
  }
  return characters;
}

/// Canonical decomposition and ordering (Unicode, D108 and D109: exchange neighbours until none are
/// out of order), then no marks. Origins stay where they were: word_assembler.cc says why.
SlowWordPiece::Characters SlowWordPiece::StripAccents(const Characters& characters) const {
  Characters parts;
  for (const Character& character : characters) {
    bool is_first = true;
    for (const char32_t value : Decompose(character.value)) {
      parts.push_back({value, character.origin, std::exchange(is_first, false)});
    }
  }
  std::vector<ByteSpan> sources;
  for (const Character& part : parts) {
    if (part.is_first) {
      sources.push_back(part.origin);
    }
  }
  const auto class_of = [&](std::size_t i) { return PropertiesOf(parts[i].value).combining_class; };
  for (bool is_ordered = false; !is_ordered;) {
    is_ordered = true;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      if (class_of(i + 1) != 0 && class_of(i) > class_of(i + 1)) {
        std::swap(parts[i], parts[i + 1]);
        is_ordered = false;
      }
    }
  }
  Characters kept;
  std::size_t taken = 0;
  for (Character part : parts) {
    taken += part.is_first ? 1 : 0;
    part.origin = sources[taken - 1];
    if (!PropertiesOf(part.value).Is(kNonspacingMark)) {
      kept.push_back(part);
    }
  }
  return kept;
}

void SlowWordPiece::AppendWord(const Characters& word, Encoding& encoding) const {
  const auto spelling = [&](std::size_t begin, std::size_t end) {
    std::string text = begin > 0 ? "##" : "";
    for (std::size_t i = begin; i < end; ++i) {
      AppendUtf8(text, word[i].value);
    }
    return text;
  };
  const std::size_t before = encoding.size();
  std::size_t begin = 0;
  while (begin < word.size() && word.size() <= 100) {
    std::size_t end = word.size();
    while (end > begin && !ids_.contains(spelling(begin, end))) {
      --end;
    }
    if (end == begin) {
      break;
    }
    encoding.ids.push_back(ids_.find(spelling(begin, end))->second);
    encoding.spans.push_back({word[begin].origin.begin, word[end - 1].origin.end});
    begin = end;
  }
  if (begin < word.size()) {
    encoding.ids.resize(before);
    encoding.spans.resize(before);
    encoding.ids.push_back(ids_.find(config_.unk_token)->second);
    encoding.spans.push_back({word.front().origin.begin, word.back().origin.end});
  }
}

Encoding SlowWordPiece::Encode(std::string_view text) const {
  Characters characters = Clean(text);
  if (config_.strip_accents.value_or(config_.lowercase)) {
    characters = StripAccents(characters);
  }
  std::vector<Characters> words(1);
  for (const Character& character : characters) {
    const CharacterMapping values =
        config_.lowercase ? Lowercase(character.value) : CharacterMapping{{character.value}, 1};
    for (const char32_t value : values) {
      const bool stands_alone = PropertiesOf(value).Is(kPunctuation);
      if (stands_alone || value == U' ') {
        words.emplace_back();
      }
      if (value != U' ') {
        words.back().push_back({value, character.origin});
      }
      if (stands_alone) {
        words.emplace_back();
      }
    }
  }
  Encoding encoding;
  for (const Characters& word : words) {
    if (!word.empty()) {
      AppendWord(word, encoding);
    }
  }
  return encoding;
}

std::vector<WordToken> SlowUnigram(const std::map<std::string, ScoredPiece, std::less<>>& pieces,
                                   TokenId unknown_id, double unknown_score,
                                   std::string_view word) {
  const std::vector<ByteSpan> spans = CharacterSpans(word);
  std::optional<Cut> best;
  const std::size_t gaps = spans.size() - 1;
  // Bit i of `cuts`: a piece begins at character i + 1.
  for (std::size_t cuts = 0; cuts < std::size_t{1} << gaps; ++cuts) {
    Cut cut;
    bool is_possible = true;
    std::size_t begin = 0;
    for (std::size_t i = 1; i <= spans.size() && is_possible; ++i) {
      if (i < spans.size() && (cuts >> (i - 1) & 1U) == 0) {
        continue;
      }
      const std::size_t end_byte = spans[i - 1].end;
      const auto found =
          pieces.find(word.substr(spans[begin].begin, end_byte - spans[begin].begin));
      is_possible = found != pieces.end() || i - begin == 1;
      cut.score += found != pieces.end() ? found->second.score : unknown_score;
      cut.begins.insert(cut.begins.begin(), begin);
      begin = i;
    }
    const bool is_better =
        !best || cut.score > best->score || (cut.score == best->score && cut.begins < best->begins);
    if (is_possible && is_better) {
      best = cut;
    }
  }
  std::vector<WordToken> tokens;
  std::size_t end = spans.size();
  std::vector<ByteSpan> chosen;
  for (const std::size_t begin : best->begins) {
    chosen.insert(chosen.begin(), {spans[begin].begin, spans[end - 1].end});
    end = begin;
  }
  for (const ByteSpan span : chosen) {
    const auto found = pieces.find(word.substr(span.begin, span.end - span.begin));
    const TokenId id = found != pieces.end() ? found->second.id : unknown_id;
    if (id == unknown_id && !tokens.empty() && tokens.back().id == unknown_id) {
      tokens.back().end = span.end;
    } else {
      tokens.push_back({id, span.begin, span.end});
    }
  }
  return tokens;
}

}  // namespace bertqa
