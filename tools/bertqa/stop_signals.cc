#include "stop_signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace bertqa::cli {
namespace {

/// SIGINT and SIGTERM, but for those that are ignored; blocked from here on.
int BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action = {};
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
      sigaddset(&set, signal);
    }
  }
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC);
}

void Raise(const Descriptor& event) {
  const eventfd_t one = 1;
  ::eventfd_write(event.value(), one);
}

/// Waits for a signal; 0 if `end` came first, or the time was up.
int WaitForSignal(const Descriptor& signals, const Descriptor& end, int timeout_ms, bool& ended) {
  std::array<pollfd, 2> waits = {{{signals.value(), POLLIN, 0}, {end.value(), POLLIN, 0}}};
  while (::poll(waits.data(), waits.size(), timeout_ms) < 0 && errno == EINTR) {
  }
  ended = (waits[1].revents & POLLIN) != 0;
  signalfd_siginfo info = {};
  if (!ended && (waits[0].revents & POLLIN) != 0 &&
      ::read(signals.value(), &info, sizeof info) == ssize_t{sizeof info}) {
    return static_cast<int>(info.ssi_signo);
  }
  return 0;
}

}  // namespace

StopSignals::StopSignals(std::function<void()> abandon, std::chrono::milliseconds patience)
    : abandon_(std::move(abandon)),
      patience_(patience),
      signals_(BlockSignals()),
      stop_event_(::eventfd(0, EFD_CLOEXEC)),
      end_event_(::eventfd(0, EFD_CLOEXEC)),
      watcher_([this] { Watch(); }) {}

StopSignals::~StopSignals() {
  Raise(end_event_);
  watcher_.join();
}

void StopSignals::Watch() {
  bool ended = false;
  const int signal = WaitForSignal(signals_, end_event_, -1, ended);
  if (signal == 0) {
    return;
  }
  caught_ = signal;
  stop_.request_stop();
  Raise(stop_event_);
  WaitForSignal(signals_, end_event_, static_cast<int>(patience_.count()), ended);
  if (!ended) {
    try {
      abandon_();
    } catch (...) {  // the disk is full: the status says that it did not end well
    }
    ::_exit(kSignalStatus + signal);
  }
}

}  // namespace bertqa::cli
