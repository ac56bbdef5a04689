#include <httplib.h>

#include <cstring>
#include <exception>
#include <set>
#include <string>

#include "serve/module_parts.h"

namespace bertqa {
namespace {

/// cpp-httplib's view of a connection.
class EngineStream final : public httplib::Stream {
 public:
  explicit EngineStream(HttpSocket& socket) : socket_(socket) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* bytes, std::size_t size) override { return socket_.Read(bytes, size); }
  ssize_t write(const char* bytes, std::size_t size) override { return socket_.Write(bytes, size); }
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  socket_t socket() const override { return 0; }

 private:
  HttpSocket& socket_;
};

/// One request and its answer on the way through cpp-httplib. Its callbacks find it by thread,
/// since cpp-httplib has one set of them for all requests.
struct Exchange {
  HttpHandler& handler;
  bool may_stay = true;
  bool is_answered = false;  ///< `response` is what goes out
  bool wants_body = false;   ///< its bytes may still be in the connection
  HttpResponse response = {};
};

thread_local Exchange* current =
    nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// What cpp-httplib puts among the headers on its own.
bool IsOwnHeader(const std::string& name) {
  return name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
         name == "LOCAL_PORT";
}

HttpHead HeadOf(const httplib::Request& request) {
  HttpHead head;
  head.method = request.method;
  head.target = request.target;
  head.path = request.path;
  head.query.assign(request.params.begin(), request.params.end());
  for (const auto& [name, value] : request.headers) {
    if (!IsOwnHeader(name)) {
      head.headers.push_back({name, value});
    }
  }
  return head;
}

bool HasBody(const httplib::Request& request) {
  const std::string length = request.get_header_value("Content-Length");
  return request.has_header("Transfer-Encoding") || (!length.empty() && length != "0");
}

/// Whether the body's length is said once and clearly: else what follows could be read as another
/// request by somebody between.
bool IsFramedClearly(const httplib::Request& request) {
  const std::size_t lengths = request.get_header_value_count("Content-Length");
  const std::size_t codings = request.get_header_value_count("Transfer-Encoding");
  if (lengths + codings > 1) {
    return false;
  }
  if (codings == 1) {
    return ::strcasecmp(request.get_header_value("Transfer-Encoding").c_str(), "chunked") == 0;
  }
  const std::string length = request.get_header_value("Content-Length");
  return length.size() < 19 && length.find_first_not_of("0123456789") == std::string::npos &&
         (lengths == 0 || !length.empty());
}

/// cpp-httplib takes a method that it does not know for no request at all.
bool IsUnknownMethod(const httplib::Request& request) {
  static const std::set<std::string> known = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                              "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
  const bool is_word =
      !request.method.empty() &&
      request.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
  return is_word && !known.contains(request.method) && request.target.starts_with('/') &&
         request.version.starts_with("HTTP/1.");
}

void PutResponse(httplib::Response& out) {
  HttpResponse& response = current->response;
  out.status = response.status;
  out.body = std::move(response.body);
  for (const HttpHeader& header : response.headers) {
    out.headers.erase(header.name);
    out.set_header(header.name, header.value);
  }
  if (response.stream) {
    const auto type = FindHeader(response.headers, "Content-Type");
    out.headers.erase("Content-Type");
    out.set_chunked_content_provider(
        std::string(type), [stream = std::move(response.stream)](std::size_t, auto& sink) {
          const bool is_whole = stream([&](std::string_view bytes) {
            return sink.write(bytes.data(), bytes.size()) && sink.is_writable();
          });
          if (is_whole) {
            sink.done();
          }
          return is_whole;
        });
  }
  current->is_answered = true;
}

/// All requests, of any method and path, go to the handler.
class Engine final : public httplib::Server, public HttpEngine {
 public:
  Engine() {
    svr_sock_ = 0;  // "is not shutting down": streams would end
    set_pre_routing_handler(Begin);
    Post("[\\s\\S]*", AnswerWithBody);
    set_expect_100_continue_handler(CheckHead);
    set_error_handler(HandlerWithResponse(FillUnanswered));
    set_post_routing_handler(FinishHead);
  }

  bool ServeRequest(HttpSocket& socket, HttpHandler& handler, bool may_stay) noexcept override {
    Exchange exchange{.handler = handler, .may_stay = may_stay};
    current = &exchange;
    bool is_written = false;
    try {
      EngineStream stream(socket);
      bool ignored = false;
      is_written = process_request(stream, !may_stay, ignored, [](httplib::Request& request) {
        request.ranges.clear();  // parts of an answer are no use to anybody
        request.headers.erase("Range");
        request.headers.erase("Accept-Encoding");  // compressing costs more than the loopback
      });
    } catch (const std::exception&) {
      is_written = false;  // of a head that cpp-httplib cannot take
    }
    current = nullptr;
    return is_written && exchange.is_answered && exchange.may_stay;
  }

 private:
  static void Answer(const httplib::Request& request, httplib::Response& response,
                     const HttpHandler::BodyReader& body) {
    current->response = current->handler.Handle(HeadOf(request), body);
    PutResponse(response);
  }

  /// Before cpp-httplib would read a body for its own purposes.
  static HandlerResponse Begin(const httplib::Request& request, httplib::Response& response) {
    if (!IsFramedClearly(request)) {
      FillError(request, response, 400);
      return HandlerResponse::Handled;
    }
    current->wants_body = HasBody(request);
    if (current->wants_body && request.method == "POST") {
      return HandlerResponse::Unhandled;  // to AnswerWithBody
    }
    Answer(request, response, [](const ByteSink&) { return true; });
    return HandlerResponse::Handled;
  }

  static void AnswerWithBody(const httplib::Request& request, httplib::Response& response,
                             const httplib::ContentReader& reader) {
    Answer(request, response, [&](const ByteSink& sink) {
      const bool is_whole = reader(
          [&](const char* bytes, std::size_t size) { return sink(std::string_view(bytes, size)); });
      current->wants_body = !is_whole;
      return is_whole;
    });
  }

  static int CheckHead(const httplib::Request& request, httplib::Response& response) {
    constexpr int kContinue = 100;
    HttpResponse checked = current->handler.CheckHead(HeadOf(request));
    if (checked.status < 400) {
      return kContinue;
    }
    current->response = std::move(checked);
    current->response.closes = true;
    PutResponse(response);
    return response.status;
  }

  static void FillError(const httplib::Request& request, httplib::Response& response, int status) {
    current->response = current->handler.Refuse(IsUnknownMethod(request) ? 405 : status);
    current->response.closes = true;
    PutResponse(response);
  }

  static HandlerResponse FillUnanswered(const httplib::Request& request,
                                        httplib::Response& response) {
    if (!current->is_answered) {
      FillError(request, response, response.status);
    }
    return HandlerResponse::Unhandled;
  }

  static void FinishHead(const httplib::Request& request, httplib::Response& response) {
    const std::string connection = request.get_header_value("Connection");
    const bool asks_to_close =
        ::strcasecmp(connection.c_str(), "close") == 0 ||
        (request.version == "HTTP/1.0" && ::strcasecmp(connection.c_str(), "keep-alive") != 0);
    // A body that was not read would be taken for the next request.
    current->may_stay =
        current->may_stay && !current->response.closes && !asks_to_close && !current->wants_body;
    for (const char* const name : {"Keep-Alive", "Accept-Ranges", "Connection"}) {
      response.headers.erase(name);
    }
    response.set_header("Connection", current->may_stay ? "keep-alive" : "close");
  }
};

}  // namespace

std::unique_ptr<HttpEngine> MakeHttplibEngine() {
  return std::make_unique<Engine>();
}

}  // namespace bertqa
