#pragma once

#include <stdexcept>
#include <string>

namespace bertqa {

/// What kind of thing went wrong. The command line maps each to an exit status.
enum class ErrorCode {
  kUsage,        ///< options that are wrong or contradict each other (exit 2)
  kUnreadable,   ///< a file or folder that cannot be opened, read or found (exit 3)
  kMalformed,    ///< input or a model that is not what its format promises (exit 3)
  kUnsupported,  ///< well-formed, but of a kind that this build does not run (exit 3)
  kBadUtf8,      ///< text that is not UTF-8; the message names the byte offset (exit 3)
  kUnwritable,   ///< an output that cannot be created or written (exit 4)
  kInternal,     ///< a bug, or a resource that ran out (exit 4)
};

/// The one exception type that this library throws.
/// The message says place, expectation and finding:
/// `models/x/vocab.txt:30523: duplicate token "##ed" (first at line 412)`.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace bertqa
