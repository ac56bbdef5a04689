#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bertqa/error.h"

/// What libFuzzer calls for every input, and replay_main.cc for those that are kept: one a target.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace bertqa::fuzz {

/// The bytes of an input, the first of which may choose what is done with the others.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  /// 0 where there is no byte left.
  unsigned TakeByte() {
    if (rest_.empty()) {
      return 0;
    }
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  /// What is left.
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Says what does not hold, and ends the process as a crash does.
[[noreturn]] void Fail(const std::string& what);

inline void Require(bool holds, const char* what) {
  if (!holds) {
    Fail(what);
  }
}

/// Whether `action` came to its end. An Error must have a message; nothing else may come out.
template <typename Action>
bool Accepts(const Action& action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    Require(error.what()[0] != '\0', "an error has a message");
    return false;
  }
}

/// `bytes` with each one that is not part of UTF-8 as the character of its number: most mutations
/// break UTF-8, and would be refused for that alone.
std::string AsUtf8(std::string_view bytes);

/// Whether `position` is where a character of `text` begins, or its end.
bool IsBoundary(std::string_view text, std::size_t position);

}  // namespace bertqa::fuzz
