#include "io/option_words.h"

namespace bertqa {

const OptionWords<Dedupe>& DedupeWords() {
  static const OptionWords<Dedupe> words = {
      {"overlap", Dedupe::kOverlap}, {"exact", Dedupe::kExact}, {"none", Dedupe::kNone}};
  return words;
}

const OptionWords<DecodeMode>& DecodeWords() {
  static const OptionWords<DecodeMode> words = {{"joint", DecodeMode::kJoint},
                                                {"independent", DecodeMode::kIndependent}};
  return words;
}

const OptionWords<OffsetUnit>& OffsetWords() {
  static const OptionWords<OffsetUnit> words = {{"codepoint", OffsetUnit::kCodePoint},
                                                {"byte", OffsetUnit::kByte},
                                                {"utf16", OffsetUnit::kUtf16}};
  return words;
}

}  // namespace bertqa
