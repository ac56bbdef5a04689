#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "text/basic_tokenizer.h"

namespace bertqa {

/// A word that owns its text, and the bytes of the original that it covers.
struct SplitWord {
  std::string text;
  ByteSpan span;

  bool operator==(const SplitWord&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const SplitWord& word) {
  return out << '"' << word.text << "\" [" << word.span.begin << ", " << word.span.end << ')';
}

inline std::vector<SplitWord> Split(std::string_view text, const BasicTokenizerOptions& options) {
  class Collector : public WordSink {
   public:
    void OnWord(const Word& word) override {
      words.push_back({std::string(word.text), word.Origin(0, word.text.size())});
    }
    std::vector<SplitWord> words;
  };
  Collector collector;
  SplitWords(text, options, collector);
  return collector.words;
}

}  // namespace bertqa
