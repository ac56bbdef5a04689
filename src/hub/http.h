#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hub/module_interface.h"

namespace bertqa {

/// What a server answered, without the body.
struct HttpReply {
  int status = 0;                              ///< 0 if no answer came
  std::map<std::string, std::string> headers;  ///< names in lower case; of equal ones the last
  TransferFault fault = TransferFault::kNone;
  std::string fault_text;          ///< of a fault: "Could not resolve host: x"
  double retry_after_seconds = 0;  ///< 0 if the server did not say

  /// "" if it is not there.
  std::string Header(const std::string& name) const;
  bool IsWhole() const { return fault == TransferFault::kNone; }
  bool IsRedirect() const;
};

struct HttpRequest {
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value"
  std::string certificates;          ///< a file of those to trust; "": the system's
  double connect_seconds = 10;
  double stall_seconds = 10;
};

/// Gets pieces of a body and the head that they belong to. Returns false to stop the transfer.
using BodySink = std::function<bool(const HttpReply& head, std::string_view bytes)>;

/// One GET, redirects not followed. Not safe from several threads at once.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  /// Never throws for what the network or the server does: the reply says it. What `sink` throws
  /// goes through.
  virtual HttpReply Get(const HttpRequest& request, const BodySink& sink) = 0;
};

/// Takes a line of a head into `reply`: "HTTP/1.1 200 OK" begins anew, "Name: value" adds.
void AddHeadLine(std::string_view line, HttpReply& reply);

/// "https://host:port" in lower case, with the port that the scheme implies: what may be told the
/// same secrets. "" unless `url` is http or https with a plain host: no "user@", no odd characters.
std::string OriginOf(std::string_view url);

/// Where a redirect from `url` leads. Throws Error{kMalformed} for what is no http or https
/// address, and where https would become http.
std::string RedirectTarget(const std::string& url, const std::string& location);

}  // namespace bertqa
