#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What crosses between the program and `libbertqa_serve.so`, which wraps cpp-httplib and
/// prometheus-cpp and is loaded when something is served, or asked of a server.
/// Nothing that the module calls may throw; what the module itself throws is an Error.
namespace bertqa {

struct HttpHeader {
  std::string name;
  std::string value;
};

/// The first of that name, in any case; "" if there is none.
std::string_view FindHeader(const std::vector<HttpHeader>& headers, std::string_view name);

/// Takes bytes; false: it wants no more.
using ByteSink = std::function<bool(std::string_view bytes)>;

/// A connection's bytes, in the server. Deadlines and limits are the implementation's.
class HttpSocket {
 public:
  virtual ~HttpSocket() = default;
  /// How many bytes came: at least 1; 0 at the end, -1 if nothing more is to be had.
  virtual std::ptrdiff_t Read(char* bytes, std::size_t size) noexcept = 0;
  /// How many bytes went; -1 if nobody takes them.
  virtual std::ptrdiff_t Write(const char* bytes, std::size_t size) noexcept = 0;
};

/// What is known of a request before its body is read.
struct HttpHead {
  std::string method;
  std::string target;                                           ///< as it came
  std::string path = {};                                        ///< decoded, without the query
  std::vector<std::pair<std::string, std::string>> query = {};  ///< decoded
  std::vector<HttpHeader> headers = {};
};

struct HttpResponse {
  int status = 200;
  std::vector<HttpHeader> headers = {};
  std::string body = {};
  /// If set, what writes the body, piece by piece; false: it broke off.
  std::function<bool(const ByteSink& write)> stream = {};
  bool closes = false;  ///< the connection ends behind it
};

/// Answers requests; must be safe from several threads at once.
class HttpHandler {
 public:
  /// Gives the body's bytes, decoded, to a sink; false if the body is broken, or the sink or the
  /// connection wanted no more. Call at most once.
  using BodyReader = std::function<bool(const ByteSink& sink)>;

  virtual ~HttpHandler() = default;
  /// Before a client that waits for it is told to send the body. A status below 400: it may.
  virtual HttpResponse CheckHead(const HttpHead& head) noexcept = 0;
  virtual HttpResponse Handle(const HttpHead& head, const BodyReader& body) noexcept = 0;
  /// What came is no HTTP request, or breaks a limit: `status` is what cpp-httplib thinks of it.
  virtual HttpResponse Refuse(int status) noexcept = 0;
};

/// Speaks HTTP/1.1 on connections. Thread-safety: safe from several threads at once.
class HttpEngine {
 public:
  virtual ~HttpEngine() = default;
  /// Reads one request from `socket` and answers it. `may_stay` says whether the connection may be
  /// used again; the same is returned, false also if it broke.
  virtual bool ServeRequest(HttpSocket& socket, HttpHandler& handler, bool may_stay) noexcept = 0;
};

/// What a client got.
struct HttpClientReply {
  int status = 0;     ///< 0: no answer came
  std::string fault;  ///< then why: "Connection refused"
  std::vector<HttpHeader> headers;
  std::string body;  ///< unless it went to a sink
};

/// A connection to a server that is kept. One thread at a time uses one.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual HttpClientReply Get(const std::string& path) = 0;
  /// The body of a reply with status 200 goes to `sink`.
  virtual HttpClientReply Post(const std::string& path, const std::string& content_type,
                               const std::string& body, const ByteSink& sink) = 0;
};

struct HttpClientOptions {
  std::string address;  ///< "http://host:port", "https://host" or "unix:/path"
  std::vector<HttpHeader> headers;
  double connect_seconds = 5;
  double read_seconds = 300;  ///< without a byte
};

/// Counts what a server does, and tells it in the text format of Prometheus.
/// Thread-safety: safe from several threads at once.
class ServeMetrics {
 public:
  virtual ~ServeMetrics() = default;
  virtual void CountRequest(const std::string& route, int status, double seconds) = 0;
  /// `stage`: "queue", "tokenize", "encode" or "decode".
  virtual void ObserveStage(const std::string& stage, double seconds) = 0;
  virtual void ObserveBatch(std::size_t windows, std::size_t tokens, double fill) = 0;
  virtual void CountQuestion(const std::string& outcome) = 0;  ///< "answer", "no_answer", a code
  virtual void SetQueueLength(std::size_t questions) = 0;
  virtual void SetConnections(std::size_t open) = 0;
  virtual void AddModel(const std::map<std::string, std::string>& labels) = 0;
  virtual std::string Text() = 0;
};

struct ServeModule {
  std::unique_ptr<HttpEngine> (*make_engine)();
  std::unique_ptr<ServeMetrics> (*make_metrics)(const std::string& version);
  /// Throws Error{kUsage} for an address that is none.
  std::unique_ptr<HttpClient> (*make_client)(const HttpClientOptions& options);
};

using ServeModuleFunction = const ServeModule* (*)() noexcept;

/// The module's one symbol; the number grows when anything above changes.
inline constexpr const char* kServeModuleSymbol = "bertqa_serve_1";
inline constexpr const char* kServeModuleName = "libbertqa_serve.so";

/// Loads the module. Throws Error{kUnsupported} that says what is missing.
const ServeModule& LoadServeModule();

}  // namespace bertqa
