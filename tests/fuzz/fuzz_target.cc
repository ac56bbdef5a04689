#include "fuzz/fuzz_target.h"

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/utf8.h"

namespace bertqa::fuzz {

void Fail(const std::string& what) {
  std::fputs(("does not hold: " + what + "\n").c_str(), stderr);
  std::abort();
}

std::string AsUtf8(std::string_view bytes) {
  std::string text;
  while (const std::optional<std::size_t> bad = FindInvalidUtf8(bytes)) {
    text += bytes.substr(0, *bad);
    AppendUtf8(text, static_cast<unsigned char>(bytes[*bad]));
    bytes.remove_prefix(*bad + 1);
  }
  return text.append(bytes);
}

bool IsBoundary(std::string_view text, std::size_t position) {
  return position == text.size() || (position < text.size() && !IsContinuationByte(text[position]));
}

}  // namespace bertqa::fuzz
