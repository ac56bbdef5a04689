#pragma once

namespace bertqa {

/// What the final-sigma rule of `str.lower` sees in a character (Unicode, table 3-17).
enum class SigmaContext {
  kIgnored,  ///< Case_Ignorable, cased or not: looked past
  kCased,
  kOther,
};

/// Character properties as Python 3.11's `str` has them (Unicode 14.0). utf8proc's own data are of
/// a later version; where the two differ, Python wins.
/// REQUIRES (all): a code point that is no surrogate.

/// The one-character lower-case form. U+0130 is the one character whose `str.lower` is longer.
char32_t PythonLower(char32_t code_point);

/// `\w` of `re`: `str.isalnum` or underscore.
bool IsPythonWord(char32_t code_point);

/// What `str.split` splits at.
bool IsPythonSpace(char32_t code_point);

SigmaContext SigmaContextOf(char32_t code_point);

}  // namespace bertqa
