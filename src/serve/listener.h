#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"

namespace bertqa {

/// A socket that clients connect to.
struct Listener {
  Descriptor socket;
  std::string address;        ///< "http://127.0.0.1:8080", "unix:/run/bertqa.sock"
  bool is_loopback = false;   ///< reached from this machine only, but by pages in its browsers too
  std::filesystem::path own;  ///< of a socket file that goes with the listener; else empty
};

/// The addresses of `host`, all on one port; port 0: one that is free.
/// Throws Error{kUnwritable} that says what is wrong ("address already in use").
std::vector<Listener> ListenTcp(const std::string& host, std::uint16_t port);

/// A socket file, for this user and group. One that a server left behind is replaced.
/// Throws Error{kUnwritable}, also if a server listens there.
Listener ListenUnix(const std::filesystem::path& path);

/// What systemd opened for this process (sd_listen_fds(3)); nothing if it did not.
/// Throws Error{kUsage} for what is no listening stream socket.
std::vector<Listener> TakeSystemdListeners();

/// Tells systemd (sd_notify(3)): "READY=1". Nothing if nobody asked.
void NotifySystemd(const std::string& state);

}  // namespace bertqa
