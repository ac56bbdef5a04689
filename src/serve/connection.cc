#include "serve/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bertqa {
namespace {

Connection::Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Connection::Clock::duration>(
      std::chrono::duration<double>(seconds));
}

}  // namespace

Connection::Connection(Descriptor socket, std::string name, const ConnectionLimits& limits,
                       int end_descriptor)
    : socket_(std::move(socket)),
      name_(std::move(name)),
      limits_(limits),
      end_descriptor_(end_descriptor) {}

void Connection::Enter(Phase phase) {
  phase_ = phase;
  since_ = Clock::now();
}

bool Connection::WaitForRequest() {
  Enter(Phase::kIdle);
  is_late_ = false;
  is_too_long_ = false;
  head_bytes_ = 0;
  read_until_ = Clock::now() + Seconds(limits_.idle_seconds);
  if (begin_ == buffer_.size() && (!WaitForFirstByte() || Fill() <= 0)) {
    return false;
  }
  is_late_ = false;
  Enter(Phase::kHead);
  read_until_ = Clock::now() + Seconds(limits_.head_seconds);
  return true;
}

void Connection::BeginBody() {
  Enter(Phase::kBody);
  read_until_ = Clock::now() + Seconds(limits_.body_seconds);
}

void Connection::BeginAnswer() {
  Enter(Phase::kAnswer);
}

/// As WaitFor, but once the end has come what is on its way is waited for, and no more.
bool Connection::WaitForFirstByte() {
  std::array<pollfd, 2> wanted = {{{socket_.value(), POLLIN, 0}, {end_descriptor_, POLLIN, 0}}};
  ::poll(wanted.data(), wanted.size(), static_cast<int>(limits_.idle_seconds * 1000));
  if (wanted[1].revents != 0) {
    read_until_ = std::min(read_until_, Clock::now() + Seconds(limits_.last_seconds));
  }
  return WaitFor(POLLIN, read_until_);
}

/// True once the socket can do that; false at `until`.
bool Connection::WaitFor(short events, Clock::time_point until) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left < 0) {
      return false;
    }
    pollfd wanted = {socket_.value(), events, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left + 1, 60000)));
    if (ready > 0) {
      return true;
    }
    if (ready < 0 && errno != EINTR) {
      return false;
    }
  }
}

/// Reads what there is into the buffer, which is empty.
std::ptrdiff_t Connection::Fill() {
  constexpr std::size_t kPieceBytes = std::size_t{1} << 14U;
  if (!WaitFor(POLLIN, read_until_)) {
    is_late_ = true;
    return -1;
  }
  buffer_.resize(kPieceBytes);
  begin_ = 0;
  const ssize_t size = ::recv(socket_.value(), buffer_.data(), buffer_.size(), 0);
  buffer_.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return size;
}

std::ptrdiff_t Connection::Read(char* bytes, std::size_t size) noexcept {
  try {
    if (begin_ == buffer_.size()) {
      if (const std::ptrdiff_t filled = Fill(); filled <= 0) {
        return filled;
      }
    }
  } catch (const std::exception&) {
    return -1;
  }
  const std::size_t count = std::min(size, buffer_.size() - begin_);
  std::memcpy(bytes, buffer_.data() + begin_, count);
  begin_ += count;
  if (phase_ == Phase::kHead) {
    head_bytes_ += count;
    is_too_long_ = head_bytes_ > limits_.head_bytes;
    return is_too_long_ ? -1 : static_cast<std::ptrdiff_t>(count);
  }
  read_until_ += Seconds(static_cast<double>(count) / limits_.body_bytes_a_second);
  return static_cast<std::ptrdiff_t>(count);
}

std::ptrdiff_t Connection::Write(const char* bytes, std::size_t size) noexcept {
  while (true) {
    const ssize_t sent = ::send(socket_.value(), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      return sent;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!WaitFor(POLLOUT, Clock::now() + Seconds(limits_.write_seconds))) {
        return -1;
      }
    } else if (errno != EINTR) {
      return -1;
    }
  }
}

bool Connection::IsGone() const {
  pollfd wanted = {socket_.value(), POLLRDHUP, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

void Connection::Interrupt() {
  ::shutdown(socket_.value(), SHUT_RD);
}

void Connection::Finish() {
  ::shutdown(socket_.value(), SHUT_WR);
  // What is still coming must be read: else the client is told of a broken connection, and may
  // lose the answer.
  constexpr double kLingerSeconds = 1;
  constexpr std::size_t kLingerBytes = std::size_t{1} << 22U;
  const auto until = Clock::now() + Seconds(kLingerSeconds);
  std::array<char, std::size_t{1} << 14U> rest = {};
  for (std::size_t total = 0; total < kLingerBytes && WaitFor(POLLIN, until);) {
    const ssize_t size = ::recv(socket_.value(), rest.data(), rest.size(), 0);
    if (size <= 0) {
      return;
    }
    total += static_cast<std::size_t>(size);
  }
}

}  // namespace bertqa
