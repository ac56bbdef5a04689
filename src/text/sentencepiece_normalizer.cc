#include "text/sentencepiece_normalizer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "text/sentencepiece_unicode.h"
#include "text/unicode.h"

namespace bertqa::spm {
namespace {

bool IsOn(Step step, const Settings& settings) {
  switch (step) {
    case Step::kRemoveAccents:
      return !settings.keep_accents;
    case Step::kLowercase:
      return settings.lowercase;
    case Step::kIsolatePunctuation:
      return settings.split_by_punct;
    default:
      return true;
  }
}

/// The second of the two quotes stays, as in `tokenizers`, where a replacement for several
/// characters has the place of their last one.
void StraightenQuotes(Characters& characters) {
  for (const char32_t quote : {U'`', U'\''}) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < characters.size(); ++i, ++kept) {
      const bool is_pair = characters[i].value == quote && i + 1 < characters.size() &&
                           characters[i + 1].value == quote;
      if (is_pair) {
        ++i;
        characters[kept] = {U'"', characters[i].origin};
      } else {
        characters[kept] = characters[i];
      }
    }
    characters.resize(kept);
  }
}

void RemoveAccents(Characters& characters) {
  Characters result;
  result.reserve(characters.size());
  for (const Character& character : characters) {
    AppendWithoutAccents(character, result);
  }
  characters.swap(result);
}

void LowercaseAll(Characters& characters) {
  Characters result;
  result.reserve(characters.size());
  for (const Character& character : characters) {
    if (character.value < 0x80) {
      const bool is_capital = character.value >= U'A' && character.value <= U'Z';
      result.push_back({is_capital ? character.value + 32 : character.value, character.origin});
      continue;
    }
    for (const char32_t lower : Lowercase(character.value)) {
      result.push_back({lower, character.origin});
    }
  }
  characters.swap(result);
}

/// What becomes a space has no bytes, as white space has none.
void ApplyCharsmap(const Charsmap& charsmap, Characters& characters) {
  std::string text;
  text.reserve(characters.size());
  for (const Character& character : characters) {
    AppendUtf8(text, character.value);
  }
  Characters result;
  result.reserve(characters.size());
  std::size_t old_begin = 0;
  const Character* from = characters.data();
  charsmap.ForEachCharacter(text, [&](ByteSpan old, std::string_view character, bool alone) {
    for (; old_begin < old.begin; ++from) {
      old_begin += Utf8Size(from->value);
    }
    const char32_t value = DecodeAt(character, 0).value;
    const bool is_space = alone && value == U' ';
    result.push_back({value, is_space ? NoBytes(from->origin) : from->origin});
  });
  characters.swap(result);
}

void StripEnd(Characters& characters) {
  while (!characters.empty() && IsWhiteSpace(characters.back().value)) {
    characters.pop_back();
  }
}

void Strip(Characters& characters) {
  StripEnd(characters);
  const auto first =
      std::find_if(characters.begin(), characters.end(),
                   [](const Character& character) { return !IsWhiteSpace(character.value); });
  characters.erase(characters.begin(), first);
}

/// The last one stays, as in `tokenizers`.
void CollapseSpaces(Characters& characters) {
  std::size_t kept = 0;
  for (const Character& character : characters) {
    const bool follows_space =
        character.value == U' ' && kept > 0 && characters[kept - 1].value == U' ';
    kept -= follows_space ? 1 : 0;
    characters[kept] = character;
    ++kept;
  }
  characters.resize(kept);
}

/// Adds [begin, end), a text without a border of punctuation in it, as words. A word begins at each
/// word mark; the first gets one where it has none.
void AppendWords(const Character* begin, const Character* end, Characters& characters,
                 std::vector<std::size_t>& word_begins) {
  if (begin == end) {
    return;
  }
  const bool has_mark = begin->value == U' ' || begin->value == kWordMark;
  if (!has_mark) {
    word_begins.push_back(characters.size());
    characters.push_back({kWordMark, {begin->origin.begin, begin->origin.begin}});
  }
  for (; begin != end; ++begin) {
    const bool is_space = begin->value == U' ';
    if (is_space || begin->value == kWordMark) {
      word_begins.push_back(characters.size());
    }
    characters.push_back({is_space ? kWordMark : begin->value, begin->origin});
  }
}

}  // namespace

Normalizer::Normalizer(const Family& family, const Settings& settings,
                       std::optional<Charsmap> charsmap)
    : charsmap_(std::move(charsmap)) {
  for (const Step step : family.steps) {
    if (!IsOn(step, settings)) {
      continue;
    }
    if (step == Step::kIsolatePunctuation) {
      isolates_punctuation_ = true;
    } else {
      steps_.push_back(step);
    }
  }
}

void Normalizer::Apply(Step step, Characters& characters) const {
  switch (step) {
    case Step::kStraightQuotes:
      return StraightenQuotes(characters);
    case Step::kRemoveAccents:
      return RemoveAccents(characters);
    case Step::kLowercase:
      return LowercaseAll(characters);
    case Step::kCharsmap:
      if (charsmap_) {
        ApplyCharsmap(*charsmap_, characters);
      }
      return;
    case Step::kStrip:
      return Strip(characters);
    case Step::kStripEnd:
      return StripEnd(characters);
    case Step::kCollapseSpaces:
      return CollapseSpaces(characters);
    case Step::kIsolatePunctuation:
      return;  // cuts, rather than changes: Normalize
  }
}

void Normalizer::Normalize(std::string_view text, Characters& characters,
                           std::vector<std::size_t>& word_begins) const {
  Characters normalized;
  Decode(text, normalized);
  for (const Step step : steps_) {
    Apply(step, normalized);
  }
  characters.clear();
  characters.reserve(normalized.size() + normalized.size() / 4 + 1);
  word_begins.clear();
  const Character* const end = normalized.data() + normalized.size();
  const Character* begin = normalized.data();
  for (const Character* next = begin; isolates_punctuation_ && next != end; ++next) {
    if (PropertiesOf(next->value).Is(kPunctuation)) {
      AppendWords(begin, next, characters, word_begins);
      AppendWords(next, next + 1, characters, word_begins);
      begin = next + 1;
    }
  }
  AppendWords(begin, end, characters, word_begins);
}

}  // namespace bertqa::spm
