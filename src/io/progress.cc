#include "io/progress.h"

#include <array>
#include <cstdio>

namespace bertqa {

void Progress::Advance() {
  ++count_;
  const double seconds = watch_.seconds();
  if (enabled_ && seconds - drawn_at_ >= 0.1) {
    Draw(seconds);
    drawn_at_ = seconds;
  }
}

void Progress::Draw(double seconds) {
  const double rate = static_cast<double>(count_) / seconds;
  std::string line = "\r" + std::to_string(count_);
  if (total_ > 0) {
    line += " of " + std::to_string(total_);
  }
  std::array<char, 64> text = {};
  std::snprintf(text.data(), text.size(), " questions, %.1f a second", rate);
  line += text.data();
  if (total_ > 0) {
    std::snprintf(text.data(), text.size(), ", %.0f s left",
                  static_cast<double>(total_ - count_) / rate);
    line += text.data();
  }
  std::fputs((line + "\x1B[K").c_str(), stderr);
  std::fflush(stderr);
  is_drawn_ = true;
}

void Progress::Clear() {
  if (is_drawn_) {
    std::fputs("\r\x1B[K", stderr);
    std::fflush(stderr);
    is_drawn_ = false;
  }
}

}  // namespace bertqa
