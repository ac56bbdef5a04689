#pragma once

#include <memory>
#include <string>

#include "serve/module_interface.h"

namespace bertqa {

// What libbertqa_serve.so is made of; in it only.
std::unique_ptr<HttpEngine> MakeHttplibEngine();
std::unique_ptr<HttpClient> MakeHttplibClient(const HttpClientOptions& options);
std::unique_ptr<ServeMetrics> MakePrometheusMetrics(const std::string& version);

}  // namespace bertqa
