#include "serve/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "bertqa/error.h"

namespace bertqa {
namespace {

constexpr int kBacklog = 1024;

std::string Reason() {
  return std::generic_category().message(errno);
}

bool IsLoopback(const sockaddr* address) {
  constexpr std::uint32_t kLoopbackNet = 127;
  if (address->sa_family == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address);
    return ntohl(v4->sin_addr.s_addr) >> 24U == kLoopbackNet;
  }
  if (address->sa_family == AF_INET6) {
    const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address);
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) != 0;
  }
  return address->sa_family == AF_UNIX;
}

/// Of a socket that listens.
Listener Describe(Descriptor socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::getsockname(socket.value(), any, &size) != 0) {
    throw Error(ErrorCode::kUsage,
                "descriptor " + std::to_string(socket.value()) + ": no socket: " + Reason());
  }
  // A client that is gone before it is accepted must not hold the server up.
  ::fcntl(socket.value(), F_SETFL, ::fcntl(socket.value(), F_GETFL) | O_NONBLOCK);
  Listener listener{std::move(socket), "", IsLoopback(any), {}};
  if (address.ss_family == AF_UNIX) {
    const auto* const local = reinterpret_cast<const sockaddr_un*>(&address);
    const std::size_t begin = offsetof(sockaddr_un, sun_path);
    listener.address =
        "unix:" + std::string(local->sun_path, ::strnlen(local->sun_path, size - begin));
    return listener;
  }
  std::array<char, NI_MAXHOST> host = {};
  std::array<char, NI_MAXSERV> port = {};
  ::getnameinfo(any, size, host.data(), host.size(), port.data(), port.size(),
                NI_NUMERICHOST | NI_NUMERICSERV);
  const bool is_v6 = address.ss_family == AF_INET6;
  listener.address = std::string("http://") + (is_v6 ? "[" : "") + host.data() +
                     (is_v6 ? "]:" : ":") + port.data();
  return listener;
}

std::uint16_t PortOf(const Listener& listener) {
  const std::size_t colon = listener.address.rfind(':');
  return static_cast<std::uint16_t>(std::stoul(listener.address.substr(colon + 1)));
}

void SetPort(sockaddr* address, std::uint16_t port) {
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(port);
  }
}

Listener ListenAt(const addrinfo& place, const std::string& name) {
  Descriptor socket(::socket(place.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (socket.value() >= 0) {
    ::setsockopt(socket.value(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (place.ai_family == AF_INET6) {
      ::setsockopt(socket.value(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
  }
  if (socket.value() < 0 || ::bind(socket.value(), place.ai_addr, place.ai_addrlen) != 0 ||
      ::listen(socket.value(), kBacklog) != 0) {
    throw Error(ErrorCode::kUnwritable, name + ": cannot listen: " + Reason());
  }
  return Describe(std::move(socket));
}

/// Whether somebody answers at a socket file.
bool IsServed(const sockaddr_un& address) {
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(probe.value(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
         0;
}

int EnvironmentNumber(const char* name) {
  const char* const text = std::getenv(name);
  int number = 0;
  if (text != nullptr) {
    std::from_chars(text, text + std::strlen(text), number);
  }
  return number;
}

}  // namespace

std::vector<Listener> ListenTcp(const std::string& host, std::uint16_t port) {
  const std::string name = "--host " + host + " --port " + std::to_string(port);
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string bare =
      host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
  if (const int problem = ::getaddrinfo(bare.c_str(), "0", &wanted, &found); problem != 0) {
    throw Error(ErrorCode::kUsage, "--host " + host + ": " + ::gai_strerror(problem));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> places(found, ::freeaddrinfo);
  std::vector<Listener> listeners;
  for (const addrinfo* place = found; place != nullptr; place = place->ai_next) {
    SetPort(place->ai_addr, port);
    try {
      listeners.push_back(ListenAt(*place, name));
    } catch (const Error&) {
      // "localhost" may have an IPv6 address where the machine has none.
      if (listeners.empty() && place->ai_next == nullptr) {
        throw;
      }
      continue;
    }
    port = PortOf(listeners.front());
  }
  return listeners;
}

Listener ListenUnix(const std::filesystem::path& path) {
  const std::string name = "--unix " + path.string();
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.native().empty() || path.native().size() >= sizeof(address.sun_path)) {
    throw Error(ErrorCode::kUsage, name + ": a path of 1 to " +
                                       std::to_string(sizeof(address.sun_path) - 1) +
                                       " bytes is expected");
  }
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  struct stat status = {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      throw Error(ErrorCode::kUsage, name + ": is there, and no socket");
    }
    if (IsServed(address)) {
      throw Error(ErrorCode::kUnwritable, name + ": a server listens there already");
    }
    ::unlink(path.c_str());  // of a server that was killed
  }
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const mode_t before = ::umask(S_IXUSR | S_IXGRP | S_IRWXO);
  const int bound =
      ::bind(socket.value(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int reason = errno;
  ::umask(before);
  errno = reason;
  if (bound != 0 || ::listen(socket.value(), kBacklog) != 0) {
    throw Error(ErrorCode::kUnwritable, name + ": cannot listen: " + Reason());
  }
  Listener listener = Describe(std::move(socket));
  listener.own = path;
  return listener;
}

std::vector<Listener> TakeSystemdListeners() {
  constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
  std::vector<Listener> listeners;
  if (EnvironmentNumber("LISTEN_PID") != ::getpid()) {
    return listeners;
  }
  for (int i = 0; i < EnvironmentNumber("LISTEN_FDS"); ++i) {
    int is_listening = 0;
    socklen_t size = sizeof(is_listening);
    if (::getsockopt(kFirst + i, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0 ||
        is_listening == 0) {
      throw Error(ErrorCode::kUsage, "descriptor " + std::to_string(kFirst + i) +
                                         " of systemd: no stream socket that listens");
    }
    ::fcntl(kFirst + i, F_SETFD, FD_CLOEXEC);
    listeners.push_back(Describe(Descriptor(kFirst + i)));
  }
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    ::unsetenv(name);
  }
  return listeners;
}

void NotifySystemd(const std::string& state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path == nullptr || *path == '\0' || std::strlen(path) >= sizeof(address.sun_path)) {
    return;
  }
  std::memcpy(address.sun_path, path, std::strlen(path));
  if (address.sun_path[0] == '@') {
    address.sun_path[0] = '\0';  // in the abstract name space
  }
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::sendto(socket.value(), state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace bertqa
