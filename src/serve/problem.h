#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "bertqa/pipeline.h"
#include "serve/module_interface.h"

namespace bertqa {

/// A request that is refused, as problem details (RFC 9457) tell it. Thrown inside this room only.
class HttpProblem : public std::runtime_error {
 public:
  /// `code` is for programs: a record's error code, or one of the server's own (docs/serve.md).
  HttpProblem(int status, std::string code, const std::string& detail,
              std::vector<HttpHeader> headers = {});
  /// Of a record that has no result.
  explicit HttpProblem(const RecordError& error);

  int status() const { return status_; }
  const std::string& code() const { return code_; }
  HttpResponse Response() const;

 private:
  int status_;
  std::string code_;
  std::vector<HttpHeader> headers_;
};

/// "Not Found".
std::string_view StatusText(int status);

HttpResponse JsonResponse(std::string json);

/// A client that has to come again, in a second.
HttpHeader RetryAfter();

}  // namespace bertqa
