#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/mix_key.h"

namespace bertqa {

/// 64 bits that tell one input from another, not from one that was made to deceive.
class Fingerprint {
 public:
  void Add(std::uint64_t number) { state_ = MixKey(state_, number); }
  void Add(std::string_view bytes);
  std::string Hex() const;

 private:
  std::uint64_t state_ = 0;
};

/// Adds what a regular file holds from its current position on; the position stays.
/// `name` is for the message of Error{kUnreadable}.
void AddRest(Fingerprint& fingerprint, int descriptor, const std::string& name);

/// Adds a whole file. Throws Error{kUnreadable}.
void AddFile(Fingerprint& fingerprint, const std::filesystem::path& path);

}  // namespace bertqa
