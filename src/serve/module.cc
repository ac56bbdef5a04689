// libbertqa_serve.so: HTTP (cpp-httplib) and metrics (prometheus-cpp).

#include "serve/module_parts.h"

extern "C" __attribute__((visibility("default"))) const bertqa::ServeModule*
bertqa_serve_1() noexcept {
  static const bertqa::ServeModule module = {.make_engine = bertqa::MakeHttplibEngine,
                                             .make_metrics = bertqa::MakePrometheusMetrics,
                                             .make_client = bertqa::MakeHttplibClient};
  return &module;
}
