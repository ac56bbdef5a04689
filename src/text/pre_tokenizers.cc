#include "text/pre_tokenizers.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "text/gpt2_pattern.h"
#include "text/unicode.h"

namespace bertqa {
namespace {

/// The first match in a piece at or behind a place.
using Matcher = std::function<std::optional<ByteSpan>(std::string_view, std::size_t)>;

/// A stretch of a piece that is a match, or lies between matches.
struct Stretch {
  ByteSpan span;
  bool is_match = false;
};

std::vector<Stretch> FindStretches(std::string_view piece, const Matcher& find, bool invert) {
  std::vector<Stretch> stretches;
  std::size_t position = 0;
  while (position < piece.size()) {
    const ByteSpan match = find(piece, position).value_or(ByteSpan{piece.size(), piece.size()});
    if (match.begin > position) {
      stretches.push_back({{position, match.begin}, invert});
    }
    if (match.end > match.begin) {
      stretches.push_back({match, !invert});
    }
    position = match.end;
  }
  return stretches;
}

/// Whether stretch i is put together with the one before it.
bool JoinsPrevious(const std::vector<Stretch>& stretches, std::size_t i, SplitBehaviour behaviour) {
  const bool is_match = stretches[i].is_match;
  const bool follows_match = stretches[i - 1].is_match;
  switch (behaviour) {
    case SplitBehaviour::kMergedWithPrevious:
      return is_match && !follows_match;
    case SplitBehaviour::kMergedWithNext:
      return follows_match && !is_match;
    case SplitBehaviour::kContiguous:
      return is_match == follows_match;
    case SplitBehaviour::kRemoved:
    case SplitBehaviour::kIsolated:
      break;
  }
  return false;
}

/// Appends the pieces that the stretches of a piece at `shift` make.
void AppendPieces(const std::vector<Stretch>& stretches, SplitBehaviour behaviour,
                  std::size_t shift, std::vector<ByteSpan>& pieces) {
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    const Stretch& stretch = stretches[i];
    if (stretch.is_match && behaviour == SplitBehaviour::kRemoved) {
      continue;
    }
    if (i > 0 && JoinsPrevious(stretches, i, behaviour)) {
      pieces.back().end = shift + stretch.span.end;
    } else {
      pieces.push_back({shift + stretch.span.begin, shift + stretch.span.end});
    }
  }
}

class Split : public PreTokenizer {
 public:
  Split(Matcher find, SplitBehaviour behaviour, bool invert)
      : find_(std::move(find)), behaviour_(behaviour), invert_(invert) {}

  SplitText Apply(SplitText split) const override {
    std::vector<ByteSpan> pieces;
    for (const ByteSpan piece : split.pieces) {
      const std::string_view text = split.text.view().substr(piece.begin, piece.end - piece.begin);
      AppendPieces(FindStretches(text, find_, invert_), behaviour_, piece.begin, pieces);
    }
    split.pieces = std::move(pieces);
    return split;
  }

 private:
  Matcher find_;
  SplitBehaviour behaviour_;
  bool invert_;
};

/// Finds single characters with a flag.
Matcher CharacterWith(CharacterFlag flag) {
  return [flag](std::string_view text, std::size_t from) -> std::optional<ByteSpan> {
    while (from < text.size()) {
      const CodePoint code_point = DecodeAt(text, from);
      if (PropertiesOf(code_point.value).Is(flag)) {
        return ByteSpan{from, from + code_point.size};
      }
      from += code_point.size;
    }
    return std::nullopt;
  };
}

/// \w+|[^\w\s]+
std::optional<ByteSpan> FindWord(std::string_view text, std::size_t from) {
  constexpr auto kClasses = std::uint16_t{kWordCharacter | kWhiteSpace};
  const auto class_at = [text](std::size_t position) {
    return PropertiesOf(DecodeAt(text, position).value).flags & kClasses;
  };
  while (from < text.size() && class_at(from) == kWhiteSpace) {
    from += DecodeAt(text, from).size;
  }
  if (from == text.size()) {
    return std::nullopt;
  }
  std::size_t end = from;
  while (end < text.size() && class_at(end) == class_at(from)) {
    end += DecodeAt(text, end).size;
  }
  return ByteSpan{from, end};
}

class ByteLevel : public PreTokenizer {
 public:
  ByteLevel(bool add_prefix_space, bool use_regex)
      : add_prefix_space_(add_prefix_space), use_regex_(use_regex) {}

  SplitText Apply(SplitText split) const override {
    if (add_prefix_space_) {
      split = AddPrefixSpaces(split);
    }
    if (!use_regex_) {
      return split;
    }
    const std::string_view text = split.text.view();
    std::vector<ByteSpan> pieces;
    pieces.reserve(text.size() / 5 + 4);
    for (const ByteSpan piece : split.pieces) {
      const std::string_view part = text.substr(0, piece.end);
      for (std::size_t begin = piece.begin; begin < piece.end;) {
        const std::size_t end = Gpt2PieceEnd(part, begin);
        pieces.push_back({begin, end});
        begin = end;
      }
    }
    split.pieces = std::move(pieces);
    return split;
  }

 private:
  static SplitText AddPrefixSpaces(const SplitText& split) {
    SplitText result = {AlignedText::EmptyLike(split.text), {}};
    for (const ByteSpan piece : split.pieces) {
      const std::size_t begin = result.text.size();
      if (split.text.view()[piece.begin] != ' ') {
        result.text.Append(" ", FirstOrigin(split.text, piece.begin));
      }
      result.text.AppendPart(split.text, piece.begin, piece.end);
      result.pieces.push_back({begin, result.text.size()});
    }
    return result;
  }

  bool add_prefix_space_;
  bool use_regex_;
};

class PreTokenizerSequence : public PreTokenizer {
 public:
  explicit PreTokenizerSequence(std::vector<std::unique_ptr<PreTokenizer>> steps)
      : steps_(std::move(steps)) {}

  SplitText Apply(SplitText split) const override {
    for (const auto& step : steps_) {
      split = step->Apply(std::move(split));
    }
    return split;
  }

 private:
  std::vector<std::unique_ptr<PreTokenizer>> steps_;
};

}  // namespace

std::unique_ptr<PreTokenizer> MakeBertPreTokenizer() {
  std::vector<std::unique_ptr<PreTokenizer>> steps;
  steps.push_back(MakeWhitespaceSplit());
  steps.push_back(MakePunctuationPreTokenizer(SplitBehaviour::kIsolated));
  return MakePreTokenizerSequence(std::move(steps));
}

std::unique_ptr<PreTokenizer> MakeWhitespacePreTokenizer() {
  return std::make_unique<Split>(FindWord, SplitBehaviour::kRemoved, /*invert=*/true);
}

std::unique_ptr<PreTokenizer> MakeWhitespaceSplit() {
  return std::make_unique<Split>(CharacterWith(kWhiteSpace), SplitBehaviour::kRemoved,
                                 /*invert=*/false);
}

std::unique_ptr<PreTokenizer> MakePunctuationPreTokenizer(SplitBehaviour behaviour) {
  return std::make_unique<Split>(CharacterWith(kPunctuation), behaviour, /*invert=*/false);
}

std::unique_ptr<PreTokenizer> MakeDigitsPreTokenizer(bool individual) {
  return std::make_unique<Split>(
      CharacterWith(kNumeric), individual ? SplitBehaviour::kIsolated : SplitBehaviour::kContiguous,
      /*invert=*/false);
}

std::unique_ptr<PreTokenizer> MakeSplitPreTokenizer(Pattern pattern, SplitBehaviour behaviour,
                                                    bool invert) {
  return std::make_unique<Split>(
      [pattern = std::move(pattern)](std::string_view text, std::size_t from) {
        return pattern.Find(text, from);
      },
      behaviour, invert);
}

std::unique_ptr<PreTokenizer> MakeByteLevelPreTokenizer(bool add_prefix_space, bool use_regex) {
  return std::make_unique<ByteLevel>(add_prefix_space, use_regex);
}

std::unique_ptr<PreTokenizer> MakePreTokenizerSequence(
    std::vector<std::unique_ptr<PreTokenizer>> steps) {
  return std::make_unique<PreTokenizerSequence>(std::move(steps));
}

}  // namespace bertqa
