#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "serve/connection.h"
#include "serve/listener.h"
#include "serve/module_interface.h"

namespace bertqa {

struct ServerOptions {
  ConnectionLimits limits = {};
  /// Each has a thread. If there are more, the one that has waited longest for its client goes.
  std::size_t max_connections = 2048;
  double drain_seconds = 30;  ///< that requests in hand are given at the end
  std::function<void(std::size_t)> on_connections = {};  ///< told how many are open
};

/// Accepts connections and has their requests answered, a thread for each.
class Server {
 public:
  /// A handler for one connection, which outlives it.
  using HandlerFactory = std::function<std::unique_ptr<HttpHandler>(Connection&)>;

  Server(HttpEngine& engine, HandlerFactory make_handler, ServerOptions options);

  /// Serves until `stop_descriptor` can be read; then closes the listeners, answers what was asked
  /// and returns. False if requests were still in hand after `drain_seconds`: their threads go on,
  /// so the process must end without destroying what they use.
  bool Run(std::vector<Listener> listeners, int stop_descriptor);

 private:
  bool Accept(const Listener& listener);
  void Start(Descriptor socket);
  void Serve(std::list<Connection>::iterator place);
  void MakeRoom(std::unique_lock<std::mutex>& lock);
  bool is_stopping();
  bool Drain();

  HttpEngine& engine_;
  HandlerFactory make_handler_;
  ServerOptions options_;
  int stop_descriptor_ = -1;
  std::mutex mutex_;  // guards everything below
  std::condition_variable ended_;
  std::list<Connection> connections_;
  bool stopping_ = false;
};

}  // namespace bertqa
