#include "eval/python_unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <span>

namespace bertqa {
namespace {

struct Range {
  char32_t first = 0;
  char32_t last = 0;
};

// The tables below are where utf8proc 2.8 (Unicode 15.0) says something else than Python 3.11; all
// are sorted. tools/eval_golden.py writes what Python says of every code point, and a test
// compares.

/// Letters and numbers that Unicode 15.0 added.
constexpr std::array<Range, 16> kNewWordRanges = {{{0x1123F, 0x11240},
                                                   {0x11F02, 0x11F02},
                                                   {0x11F04, 0x11F10},
                                                   {0x11F12, 0x11F33},
                                                   {0x11F50, 0x11F59},
                                                   {0x1342F, 0x1342F},
                                                   {0x13441, 0x13446},
                                                   {0x1B132, 0x1B132},
                                                   {0x1B155, 0x1B155},
                                                   {0x1D2C0, 0x1D2D3},
                                                   {0x1DF25, 0x1DF2A},
                                                   {0x1E030, 0x1E06D},
                                                   {0x1E4D0, 0x1E4EB},
                                                   {0x1E4F0, 0x1E4F9},
                                                   {0x2B739, 0x2B739},
                                                   {0x31350, 0x323AF}}};

/// Marks, letters and format characters that Unicode 15.0 added or reclassified.
constexpr std::array<Range, 13> kNewCaseRanges = {{{0x0ECE, 0x0ECE},
                                                   {0x10EFD, 0x10EFF},
                                                   {0x11241, 0x11241},
                                                   {0x11F00, 0x11F01},
                                                   {0x11F36, 0x11F3A},
                                                   {0x11F40, 0x11F40},
                                                   {0x11F42, 0x11F42},
                                                   {0x13439, 0x13440},
                                                   {0x13447, 0x13455},
                                                   {0x1DF25, 0x1DF2A},
                                                   {0x1E030, 0x1E06D},
                                                   {0x1E08F, 0x1E08F},
                                                   {0x1E4EB, 0x1E4EF}}};

/// Other_Lowercase and Other_Uppercase (PropList.txt) outside the categories Lu, Ll, Lt and Lm:
/// ordinal indicators, Roman numerals, letters in circles and squares.
constexpr std::array<Range, 7> kOtherCased = {{{0x00AA, 0x00AA},
                                               {0x00BA, 0x00BA},
                                               {0x2160, 0x217F},
                                               {0x24B6, 0x24E9},
                                               {0x1F130, 0x1F149},
                                               {0x1F150, 0x1F169},
                                               {0x1F170, 0x1F189}}};

/// Word_Break MidLetter, MidNumLet and Single_Quote: apostrophes, full stops, colons, middle dots.
constexpr std::array<Range, 16> kInsideWords = {{{0x0027, 0x0027},
                                                 {0x002E, 0x002E},
                                                 {0x003A, 0x003A},
                                                 {0x00B7, 0x00B7},
                                                 {0x0387, 0x0387},
                                                 {0x055F, 0x055F},
                                                 {0x05F4, 0x05F4},
                                                 {0x2018, 0x2019},
                                                 {0x2024, 0x2024},
                                                 {0x2027, 0x2027},
                                                 {0xFE13, 0xFE13},
                                                 {0xFE52, 0xFE52},
                                                 {0xFE55, 0xFE55},
                                                 {0xFF07, 0xFF07},
                                                 {0xFF0E, 0xFF0E},
                                                 {0xFF1A, 0xFF1A}}};

bool IsIn(std::span<const Range> ranges, char32_t code_point) {
  const auto range = std::partition_point(ranges.begin(), ranges.end(),
                                          [=](const Range& r) { return r.last < code_point; });
  return range != ranges.end() && range->first <= code_point;
}

utf8proc_category_t CategoryOf(char32_t code_point) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
}

}  // namespace

char32_t PythonLower(char32_t code_point) {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point)));
}

bool IsPythonWord(char32_t code_point) {
  if (code_point == U'_') {
    return true;
  }
  switch (CategoryOf(code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return !IsIn(kNewWordRanges, code_point);
    default:
      return false;
  }
}

bool IsPythonSpace(char32_t code_point) {
  // Bidirectional type WS, B or S, or category Zs. Not U+200B, U+180E, U+FEFF.
  return (code_point >= 0x09 && code_point <= 0x0D) || (code_point >= 0x1C && code_point <= 0x20) ||
         code_point == 0x85 || code_point == 0xA0 || code_point == 0x1680 ||
         (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x2028 ||
         code_point == 0x2029 || code_point == 0x202F || code_point == 0x205F ||
         code_point == 0x3000;
}

SigmaContext SigmaContextOf(char32_t code_point) {
  if (IsIn(kInsideWords, code_point)) {
    return SigmaContext::kIgnored;
  }
  if (IsIn(kOtherCased, code_point)) {
    return SigmaContext::kCased;
  }
  if (IsIn(kNewCaseRanges, code_point)) {
    return SigmaContext::kOther;
  }
  switch (CategoryOf(code_point)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return SigmaContext::kIgnored;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return SigmaContext::kCased;
    default:
      return SigmaContext::kOther;
  }
}

}  // namespace bertqa
