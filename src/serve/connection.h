#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

#include "base/files.h"
#include "serve/module_interface.h"

namespace bertqa {

/// How long a client may take, and how much it may send before it says what it wants.
struct ConnectionLimits {
  double idle_seconds = 60;           ///< between two requests
  double head_seconds = 10;           ///< of a request, from its first byte
  double body_seconds = 10;           ///< of a body, and …
  double body_bytes_a_second = 4096;  ///< … a second more for each so many bytes
  double write_seconds = 30;          ///< without a byte being taken
  double last_seconds = 0.5;          ///< for a request that is on its way when the end comes
  std::size_t head_bytes = std::size_t{1} << 15U;
};

/// A client's connection: its bytes, with deadlines, so that a slow client costs no more than its
/// thread, and that for a while only.
/// Thread-safety: one thread uses it; Interrupt() and phase() are for any.
class Connection final : public HttpSocket {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Phase { kIdle, kHead, kBody, kAnswer };

  /// Takes the socket. `name` is the client's, for the log. `end_descriptor` can be read once no
  /// further request is waited for.
  Connection(Descriptor socket, std::string name, const ConnectionLimits& limits,
             int end_descriptor);

  /// Waits for the first byte of a request; false if none comes in time, the client ends, or
  /// Interrupt() was called.
  bool WaitForRequest();
  void BeginBody();
  void BeginAnswer();

  std::ptrdiff_t Read(char* bytes, std::size_t size) noexcept override;
  std::ptrdiff_t Write(const char* bytes, std::size_t size) noexcept override;

  /// Whether the client went away (or sends no more, which no client does that wants an answer).
  bool IsGone() const;
  /// Of the last request: a deadline passed, or its head was too long.
  bool is_late() const { return is_late_; }
  bool is_too_long() const { return is_too_long_; }
  const std::string& name() const { return name_; }

  Phase phase() const { return phase_; }
  Clock::time_point since() const { return since_; }  ///< of the phase
  /// Ends what is being read, or waited for.
  void Interrupt();

  /// Says goodbye so that the client gets all that was written, also if it still sends.
  void Finish();

 private:
  void Enter(Phase phase);
  std::ptrdiff_t Fill();
  bool WaitForFirstByte();
  bool WaitFor(short events, Clock::time_point until);

  Descriptor socket_;
  std::string name_;
  ConnectionLimits limits_;
  int end_descriptor_;
  std::atomic<Phase> phase_ = Phase::kIdle;
  std::atomic<Clock::time_point> since_ = Clock::now();
  Clock::time_point read_until_;
  std::size_t head_bytes_ = 0;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what was not given yet
  bool is_late_ = false;
  bool is_too_long_ = false;
};

}  // namespace bertqa
