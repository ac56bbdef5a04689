#include "serve/server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace bertqa {
namespace {

using Phase = Connection::Phase;

std::string PeerName(const Descriptor& socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  std::array<char, NI_MAXHOST> host = {};
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::getpeername(socket.value(), any, &size) != 0 || address.ss_family == AF_UNIX ||
      ::getnameinfo(any, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return "local";
  }
  return host.data();
}

/// Whether a connection waits for its client.
bool IsWaiting(const Connection& connection) {
  return connection.phase() != Phase::kAnswer;
}

}  // namespace

Server::Server(HttpEngine& engine, HandlerFactory make_handler, ServerOptions options)
    : engine_(engine), make_handler_(std::move(make_handler)), options_(std::move(options)) {}

bool Server::Run(std::vector<Listener> listeners, int stop_descriptor) {
  stop_descriptor_ = stop_descriptor;
  std::vector<pollfd> wanted;
  wanted.reserve(listeners.size() + 1);
  for (const Listener& listener : listeners) {
    wanted.push_back({listener.socket.value(), POLLIN, 0});
  }
  wanted.push_back({stop_descriptor, POLLIN, 0});
  while (wanted.back().revents == 0) {
    ::poll(wanted.data(), wanted.size(), -1);
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      if (wanted[i].revents != 0) {
        Accept(listeners[i]);
      }
    }
  }
  // Who is in a queue already is answered; who comes later is told at once that nobody is here.
  for (const Listener& listener : listeners) {
    while (Accept(listener)) {
    }
    if (!listener.own.empty()) {
      ::unlink(listener.own.c_str());
    }
  }
  listeners.clear();
  return Drain();
}

/// False if nobody is waiting, or cannot be let in.
bool Server::Accept(const Listener& listener) {
  const int socket = ::accept4(listener.socket.value(), nullptr, nullptr, SOCK_CLOEXEC);
  if (socket >= 0) {
    Start(Descriptor(socket));
    return true;
  }
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    // The client waits in the queue of the socket until something ends.
    constexpr auto kPause = std::chrono::milliseconds(20);
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

void Server::Start(Descriptor socket) {
  const int on = 1;
  ::setsockopt(socket.value(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  std::string name = PeerName(socket);
  std::unique_lock lock(mutex_);
  MakeRoom(lock);
  connections_.emplace_back(std::move(socket), std::move(name), options_.limits, stop_descriptor_);
  const auto place = std::prev(connections_.end());
  try {
    std::thread([this, place] { Serve(place); }).detach();  // Drain() waits for all
  } catch (const std::system_error&) {
    connections_.erase(place);  // the client sees the connection closed, and may try again
  }
  if (options_.on_connections) {
    options_.on_connections(connections_.size());
  }
}

/// If there are too many connections, ends the one that has waited longest for its client, and
/// waits until one is gone.
void Server::MakeRoom(std::unique_lock<std::mutex>& lock) {
  constexpr auto kPause = std::chrono::milliseconds(100);
  while (connections_.size() >= options_.max_connections) {
    const auto longest = std::min_element(connections_.begin(), connections_.end(),
                                          [](const auto& left, const auto& right) {
                                            return std::pair(!IsWaiting(left), left.since()) <
                                                   std::pair(!IsWaiting(right), right.since());
                                          });
    if (IsWaiting(*longest)) {
      longest->Interrupt();
    }
    ended_.wait_for(lock, kPause);
  }
}

void Server::Serve(std::list<Connection>::iterator place) {
  Connection& connection = *place;
  const std::unique_ptr<HttpHandler> handler = make_handler_(connection);
  while (connection.WaitForRequest() &&
         engine_.ServeRequest(connection, *handler, !is_stopping())) {
  }
  connection.Finish();
  const std::lock_guard lock(mutex_);
  connections_.erase(place);
  if (options_.on_connections) {
    options_.on_connections(connections_.size());
  }
  ended_.notify_all();  // under the lock: the server may be gone right after
}

bool Server::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool Server::Drain() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  return ended_.wait_for(lock, std::chrono::duration<double>(options_.drain_seconds),
                         [&] { return connections_.empty(); });
}

}  // namespace bertqa
