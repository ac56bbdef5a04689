#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace bertqa {

/// "A" to "Z" as small letters, whatever the locale; all else as it is.
inline char LowerAscii(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

inline std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char letter) { return LowerAscii(letter); });
  return lower;
}

}  // namespace bertqa
