#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "base/files.h"

namespace bertqa::cli {

constexpr int kSignalStatus = 128;  ///< a shell's status of a command that a signal ended

/// Turns SIGINT and SIGTERM into a request to stop while it lives. When patience ends, or at a
/// second signal, the process ends as it is. A signal that was ignored (what a shell runs in the
/// background) stays so. REQUIRES: made before the threads that must not get the signals.
class StopSignals {
 public:
  /// `abandon` is called, from another thread, before the process is ended.
  explicit StopSignals(std::function<void()> abandon,
                       std::chrono::milliseconds patience = std::chrono::seconds(2));
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  /// Can be read once a stop is requested.
  int stop_descriptor() const { return stop_event_.value(); }
  /// The signal, or 0.
  int caught() const { return caught_; }

 private:
  void Watch();

  std::function<void()> abandon_;
  std::chrono::milliseconds patience_;
  std::stop_source stop_;
  std::atomic<int> caught_ = 0;
  Descriptor signals_;
  Descriptor stop_event_;
  Descriptor end_event_;
  std::thread watcher_;
};

}  // namespace bertqa::cli
