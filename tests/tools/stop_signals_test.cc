#include "stop_signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace bertqa::cli {
namespace {

constexpr std::chrono::hours kForEver(1);

void Send(int signal) {
  ::kill(::getpid(), signal);
}

/// Only a test that fails waits to the end.
void WaitUntilStopped(const StopSignals& signals) {
  for (int i = 0; i < 30'000 && !signals.token().stop_requested(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

[[noreturn]] void WaitForTheEnd() {
  std::this_thread::sleep_for(kForEver);
  ::_exit(99);
}

void Say() {
  std::fputs("abandoned", stderr);
}

class StopSignalsTest : public testing::Test {
 protected:
  // Each death in a process that begins anew: this one's threads do not come along.
  StopSignalsTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(StopSignalsTest, WhatEndsInTimeIsNotAbandoned) {
  const auto run = [] {
    int caught = 0;
    {
      const StopSignals signals(&Say, kForEver);
      Send(SIGINT);
      WaitUntilStopped(signals);
      pollfd wait = {signals.stop_descriptor(), POLLIN, 0};
      caught = ::poll(&wait, 1, -1) == 1 ? signals.caught() : 0;
    }
    ::_exit(caught);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(SIGINT), "^$");
}

TEST_F(StopSignalsTest, WhatDoesNotIs) {
  const auto run = [] {
    const StopSignals signals(&Say, std::chrono::milliseconds(1));
    Send(SIGTERM);
    WaitForTheEnd();
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(143), "^abandoned$");
}

TEST_F(StopSignalsTest, ASecondSignalEndsAtOnce) {
  const auto run = [] {
    const StopSignals signals(&Say, kForEver);
    Send(SIGINT);
    WaitUntilStopped(signals);
    Send(SIGTERM);
    WaitForTheEnd();
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(130), "^abandoned$");
}

TEST_F(StopSignalsTest, AnErrorOnTheWayOutChangesNothing) {
  const auto run = [] {
    const StopSignals signals([] { throw std::runtime_error("the disk is full"); },
                              std::chrono::milliseconds(1));
    Send(SIGINT);
    WaitForTheEnd();
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(130), "^$");
}

TEST_F(StopSignalsTest, WhatWasIgnoredStaysSo) {
  const auto run = [] {
    std::signal(SIGINT, SIG_IGN);  // as a shell does for what it runs in the background
    const StopSignals signals(&Say, kForEver);
    Send(SIGINT);
    Send(SIGTERM);
    WaitUntilStopped(signals);
    ::_exit(signals.caught());
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(SIGTERM), "^$");
}

}  // namespace
}  // namespace bertqa::cli
