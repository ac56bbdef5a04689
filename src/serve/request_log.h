#pragma once

#include <string>

namespace bertqa {

enum class LogFormat { kText, kJson };

/// What is said of a request that was answered.
struct RequestLogEntry {
  std::string client;
  std::string method;
  std::string target;  ///< as it came
  std::string id;
  std::string code;  ///< of a problem; else empty
  int status = 0;
  double seconds = 0;  ///< until the answer was there, or began to flow
};

/// A line with its line end, and nothing in it that a client could fool a reader with.
std::string FormatLogLine(const RequestLogEntry& entry, LogFormat format);

/// What the client calls its request, if that is a plain word; else a new one, 16 hexadecimal
/// digits. Thread-safe.
std::string RequestId(std::string_view given);

}  // namespace bertqa
