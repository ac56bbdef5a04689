#pragma once

#include <cstddef>
#include <string>

#include "base/stopwatch.h"

namespace bertqa {

/// A line on a terminal that counts records. Draws at most ten times a second, and nothing where
/// `enabled` is false. Not safe from several threads at once.
class Progress {
 public:
  /// `total` is 0 if it is not known.
  Progress(bool enabled, std::size_t total) : enabled_(enabled), total_(total) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance();
  /// Removes the line, so that other output can follow.
  void Clear();

 private:
  void Draw(double seconds);

  bool enabled_;
  std::size_t total_;
  std::size_t count_ = 0;
  double drawn_at_ = 0;
  bool is_drawn_ = false;
  Stopwatch watch_;
};

}  // namespace bertqa
