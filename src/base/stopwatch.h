#pragma once

#include <chrono>

namespace bertqa {

/// Seconds since construction; always compiled, cheap enough for every stage of every record.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace bertqa
