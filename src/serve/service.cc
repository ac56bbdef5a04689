#include "serve/service.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/stopwatch.h"
#include "serve/page.h"
#include "serve/problem.h"

namespace bertqa {
namespace {

constexpr std::string_view kJson = "application/json";

/// Of scripts, styles and connections, the page uses its own only, and nobody may frame it.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// "application/json" of "Application/JSON; charset=utf-8".
std::string MediaType(std::string_view header) {
  std::string type = LowerAscii(header.substr(0, header.find(';')));
  while (type.ends_with(' ')) {
    type.pop_back();
  }
  return type;
}

bool IsJsonLines(std::string_view type) {
  return type == "application/x-ndjson" || type == "application/jsonl" ||
         type == "application/x-jsonlines";
}

[[noreturn]] void RefuseBody(std::size_t limit) {
  throw HttpProblem(413, "too_long",
                    "the body is longer than " + std::to_string(limit) +
                        " bytes "
                        "(--max-body-bytes)");
}

/// What Content-Length says; 0 if nothing.
std::size_t ContentLength(const HttpHead& head) {
  const std::string_view text = FindHeader(head.headers, "Content-Length");
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

HttpResponse PageResponse(const PageFile& file) {
  return {.status = 200,
          .headers = {{"Content-Type", std::string(file.content_type)},
                      {"Content-Security-Policy", kContentSecurityPolicy},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-cache"}},
          .body = std::string(file.bytes)};
}

HttpResponse TextResponse(const std::string& text) {
  return {.status = 200, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = text};
}

/// A request whose head is no head.
HttpProblem BrokenHead(int status, const Connection& connection) {
  if (connection.is_too_long() || status == 431) {
    return {431, "head_too_long", "the head of the request is too long"};
  }
  if (connection.is_late()) {
    return {408, "too_slow", "the request did not come in time"};
  }
  if (status == 405) {
    return {
        405, "wrong_method", "no path takes this method", {{"Allow", "GET, HEAD, OPTIONS, POST"}}};
  }
  if (status == 414) {
    return {414, "target_too_long", "the address is too long"};
  }
  return {400, "bad_request", "no HTTP request that is understood"};
}

}  // namespace

/// A request on its way.
struct Service::Call {
  const HttpHead& head;
  const HttpHandler::BodyReader& read_body;
  Connection& connection;
  std::string route = {};  ///< for the metrics: the path if it is known

  std::string ReadBody(std::size_t limit) const {
    if (ContentLength(head) > limit) {
      RefuseBody(limit);
    }
    std::string body;
    bool is_too_long = false;
    connection.BeginBody();
    const bool is_whole = read_body([&](std::string_view bytes) {
      is_too_long = body.size() + bytes.size() > limit;
      if (!is_too_long) {
        body += bytes;
      }
      return !is_too_long;
    });
    connection.BeginAnswer();
    if (is_too_long) {
      RefuseBody(limit);
    }
    if (!is_whole) {
      throw connection.is_late()
          ? HttpProblem(408, "too_slow", "the body did not come in time")
          : HttpProblem(400, "bad_body", "the body broke off, or is not what its headers say");
    }
    return body;
  }

  /// The media type, which must be one of JSON, or of JSON Lines where that is an offer too.
  std::string RequireType(bool takes_lines) const {
    std::string type = MediaType(FindHeader(head.headers, "Content-Type"));
    if (type != kJson && !(takes_lines && IsJsonLines(type))) {
      throw HttpProblem(415, "wrong_media_type",
                        "Content-Type: application/json" +
                            std::string(takes_lines ? " or application/x-ndjson" : "") +
                            " is expected");
    }
    return type;
  }

  Asker asker() const {
    return {[&connection = connection] { return connection.IsGone(); }};
  }
};

struct Service::Route {
  std::string_view path;
  std::string_view method;
  bool needs_key = true;
  HttpResponse (*answer)(Service& service, Call& call);
};

const std::vector<Service::Route>& Service::Routes() {
  static const std::vector<Route> routes = {
      {"/v1/answer", "POST", true, [](Service& s, Call& c) { return s.Answer(c); }},
      {"/v1/answers", "POST", true, [](Service& s, Call& c) { return s.Answers(c); }},
      {"/v1/inspect", "POST", true, [](Service& s, Call& c) { return s.Inspect(c); }},
      {"/v1/models", "GET", true, [](Service& s, Call& c) { return s.Models(c); }},
      {"/metrics", "GET", true, [](Service& s, Call& c) { return s.Metrics(c); }},
      {"/healthz", "GET", false, [](Service&, Call&) { return TextResponse("ok\n"); }},
      {"/readyz", "GET", false, [](Service& s, Call& c) { return s.Ready(c); }},
  };
  return routes;
}

HttpResponse Service::Dispatch(Call& call) {
  CheckPlace(call.head, options_.access);
  const auto& routes = Routes();
  const auto route = std::find_if(routes.begin(), routes.end(), [&](const Route& candidate) {
    return candidate.path == call.head.path;
  });
  const PageFile* const file = FindPageFile(call.head.path);
  if (route == routes.end() && file == nullptr) {
    call.route = "other";
    throw HttpProblem(404, "not_found", "nothing is at this path; /docs says what there is");
  }
  call.route = call.head.path;
  const std::string method(file == nullptr ? route->method : "GET");
  if (call.head.method == "OPTIONS") {
    return {.status = 204, .headers = {{"Allow", method + ", OPTIONS"}}};
  }
  const bool is_head = call.head.method == "HEAD" && method == "GET";
  if (call.head.method != method && !is_head) {
    throw HttpProblem(405, "wrong_method", "this path takes " + method,
                      {{"Allow", method + (method == "GET" ? ", HEAD, OPTIONS" : ", OPTIONS")}});
  }
  if (file != nullptr) {
    return PageResponse(*file);
  }
  if (route->needs_key) {
    CheckKey(call.head, options_.access);
  }
  return route->answer(*this, call);
}

HttpResponse Service::Ready(Call& /*call*/) {
  if (is_stopping_) {
    throw HttpProblem(503, "stopping", "the server is about to end");
  }
  return TextResponse("ready\n");
}

HttpResponse Service::Metrics(Call& /*call*/) {
  metrics_.SetQueueLength(batcher_.queue_length());
  HttpResponse response = TextResponse(metrics_.Text());
  response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
  return response;
}

HttpResponse Service::Answer(Call& call) {
  call.RequireType(false);
  return answering_.Answer(
      ParseApiQuestion(call.ReadBody(options_.max_body_bytes), call.head.query), call.asker());
}

HttpResponse Service::Inspect(Call& call) {
  // What is written of a token is a hundred times its text.
  constexpr std::size_t kInspectBytes = std::size_t{1} << 20U;
  call.RequireType(false);
  return answering_.Inspect(
      ParseApiQuestion(call.ReadBody(std::min(options_.max_body_bytes, kInspectBytes)),
                       call.head.query),
      call.asker());
}

HttpResponse Service::Answers(Call& call) {
  const std::string type = call.RequireType(true);
  if (type == kJson) {
    return answering_.AnswerList(
        ParseApiRecords(call.ReadBody(options_.max_body_bytes), call.head.query), call.asker());
  }
  const ApiOptions options = ParseApiQuery(call.head.query);
  return answering_.AnswerLines(options, call.ReadBody(options_.max_body_bytes), call.asker());
}

HttpResponse Service::Models(Call& /*call*/) {
  return JsonResponse(models_.FormatJson());
}

Service::Service(ServiceOptions options, ServedModels models, Batcher& batcher,
                 ServeMetrics& metrics)
    : options_(std::move(options)),
      batcher_(batcher),
      metrics_(metrics),
      models_(std::move(models)),
      answering_(batcher, models_, metrics, options_.timeout) {
  for (const ServedModel& served : models_.all()) {
    metrics_.AddModel(
        {{"name", served.name}, {"family", served.family}, {"precision", served.precision}});
  }
}

/// What one connection asks.
class Service::Handler final : public HttpHandler {
 public:
  Handler(Service& service, Connection& connection) : service_(service), connection_(connection) {}

  HttpResponse CheckHead(const HttpHead& head) noexcept override {
    HttpResponse response = Guard(head, [&]() -> HttpResponse {
      CheckPlace(head, service_.options_.access);
      CheckKey(head, service_.options_.access);
      if (ContentLength(head) > service_.options_.max_body_bytes) {
        RefuseBody(service_.options_.max_body_bytes);
      }
      return {.status = 100};
    });
    if (response.status >= 400) {
      Log(head, "other", response.status);  // that is all there will be of this request
    }
    return response;
  }

  HttpResponse Handle(const HttpHead& head, const BodyReader& body) noexcept override {
    connection_.BeginAnswer();
    Call call{head, body, connection_};
    HttpResponse response = Guard(head, [&] { return service_.Dispatch(call); });
    const bool is_head = head.method == "HEAD";
    if (is_head) {
      response.stream = {};
    }
    Log(head, call.route, response.status);
    return response;
  }

  HttpResponse Refuse(int status) noexcept override {
    connection_.BeginAnswer();
    const HttpHead nothing{.method = "-", .target = "-"};
    HttpResponse response =
        Guard(nothing, [&]() -> HttpResponse { throw BrokenHead(status, connection_); });
    Log(nothing, "other", response.status);
    return response;
  }

 private:
  /// Runs `answer`; what it throws becomes a response.
  template <class Work>
  HttpResponse Guard(const HttpHead& head, const Work& answer) noexcept {
    try {
      watch_ = Stopwatch();
      code_.clear();
      id_ = RequestId(FindHeader(head.headers, "X-Request-Id"));
      HttpResponse response = [&] {
        try {
          return answer();
        } catch (const HttpProblem& problem) {
          code_ = problem.code();
          return problem.Response();
        } catch (const std::bad_alloc&) {
          code_ = "out_of_memory";
          return HttpProblem(503, code_, "out of memory", {RetryAfter()}).Response();
        } catch (const std::exception& error) {
          code_ = "internal";
          return HttpProblem(500, code_, error.what()).Response();
        }
      }();
      response.headers.push_back({"X-Request-Id", id_});
      for (HttpHeader& header : CorsHeaders(head, service_.options_.access)) {
        response.headers.push_back(std::move(header));
      }
      return response;
    } catch (const std::exception&) {
      return {.status = 503, .closes = true};  // there is no memory to say so
    }
  }

  void Log(const HttpHead& head, const std::string& route, int status) noexcept {
    try {
      service_.metrics_.CountRequest(route.empty() ? "other" : route, status, watch_.seconds());
      if (service_.options_.log) {
        service_.options_.log(FormatLogLine({.client = connection_.name(),
                                             .method = head.method,
                                             .target = head.target,
                                             .id = id_,
                                             .code = code_,
                                             .status = status,
                                             .seconds = watch_.seconds()},
                                            service_.options_.log_format));
      }
    } catch (const std::exception&) {
      return;  // a line is lost, the answer is not
    }
  }

  Service& service_;
  Connection& connection_;
  Stopwatch watch_;
  std::string id_;
  std::string code_;
};

std::unique_ptr<HttpHandler> Service::MakeHandler(Connection& connection) {
  return std::make_unique<Handler>(*this, connection);
}

}  // namespace bertqa
