#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "serve/access.h"
#include "serve/answering.h"
#include "serve/connection.h"
#include "serve/module_interface.h"
#include "serve/request_log.h"
#include "serve/served_models.h"

namespace bertqa {

struct ServiceOptions {
  AccessRules access;
  std::size_t max_body_bytes = std::size_t{1} << 24U;
  std::chrono::milliseconds timeout{60000};  ///< of a question whose request does not say
  LogFormat log_format = LogFormat::kText;
  std::function<void(const std::string&)> log = {};  ///< takes a line; from several threads at once
};

/// The API: what each path answers. docs/serve.md describes it, page/openapi.json for programs.
/// Thread-safety: all functions may be called from several threads at once.
class Service {
 public:
  /// `batcher` and `metrics` are shared with the caller, and outlive this.
  Service(ServiceOptions options, ServedModels models, Batcher& batcher, ServeMetrics& metrics);

  /// From now on it says that it is not, so that nobody new is sent here.
  void SetStopping() { is_stopping_ = true; }

  /// Answers what comes on `connection`, which outlives the handler.
  std::unique_ptr<HttpHandler> MakeHandler(Connection& connection);

 private:
  class Handler;
  struct Call;
  struct Route;

  static const std::vector<Route>& Routes();
  HttpResponse Dispatch(Call& call);
  HttpResponse Ready(Call& call);
  HttpResponse Metrics(Call& call);
  HttpResponse Answer(Call& call);
  HttpResponse Answers(Call& call);
  HttpResponse Inspect(Call& call);
  HttpResponse Models(Call& call);

  ServiceOptions options_;
  Batcher& batcher_;
  ServeMetrics& metrics_;
  ServedModels models_;
  Answering answering_;
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace bertqa
