#pragma once

#include <map>
#include <string>

#include "bertqa/qa.h"
#include "io/offsets.h"

namespace bertqa {

/// What options are called where people write them: on the command line, and in what is sent to a
/// server.
template <class Value>
using OptionWords = std::map<std::string, Value>;

const OptionWords<Dedupe>& DedupeWords();
const OptionWords<DecodeMode>& DecodeWords();
const OptionWords<OffsetUnit>& OffsetWords();

/// REQUIRES: the value has a word.
template <class Value>
const std::string& WordOf(const OptionWords<Value>& words, Value value) {
  auto found = words.begin();
  while (found->second != value) {
    ++found;
  }
  return found->first;
}

}  // namespace bertqa
