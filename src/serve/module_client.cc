#include <httplib.h>
#include <sys/socket.h>

#include <string>

#include "bertqa/error.h"
#include "serve/module_parts.h"

namespace bertqa {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

/// A folder behind the host would be lost on the way.
std::string HostOf(const std::string& address) {
  const std::size_t scheme = address.find("://");
  const bool is_known = address.starts_with("http://") || address.starts_with("https://");
  std::string host = address;
  while (host.ends_with('/')) {
    host.pop_back();
  }
  if (!is_known || host.size() <= scheme + 3 || host.find('/', scheme + 3) != std::string::npos) {
    throw Error(ErrorCode::kUsage, "server " + address +
                                       ": http://HOST:PORT, https://HOST:PORT or unix:PATH is "
                                       "expected");
  }
  return host;
}

std::unique_ptr<httplib::Client> Connect(const std::string& address) {
  if (address.starts_with(kUnixPrefix)) {
    auto client = std::make_unique<httplib::Client>(address.substr(kUnixPrefix.size()));
    client->set_address_family(AF_UNIX);
    return client;
  }
  return std::make_unique<httplib::Client>(HostOf(address));
}

class Client final : public HttpClient {
 public:
  explicit Client(const HttpClientOptions& options) : client_(Connect(options.address)) {
    if (options.address.starts_with(kUnixPrefix)) {
      headers_.emplace("Host", "localhost");
    }
    for (const HttpHeader& header : options.headers) {
      headers_.emplace(header.name, header.value);
    }
    client_->set_keep_alive(true);
    client_->set_tcp_nodelay(true);
    client_->set_connection_timeout(std::chrono::duration<double>(options.connect_seconds));
    client_->set_read_timeout(std::chrono::duration<double>(options.read_seconds));
    client_->set_write_timeout(std::chrono::duration<double>(options.read_seconds));
  }

  HttpClientReply Get(const std::string& path) override {
    httplib::Request request;
    request.method = "GET";
    request.path = path;
    return Send(std::move(request), {});
  }

  HttpClientReply Post(const std::string& path, const std::string& content_type,
                       const std::string& body, const ByteSink& sink) override {
    httplib::Request request;
    request.method = "POST";
    request.path = path;
    request.body = body;
    request.headers.emplace("Content-Type", content_type);
    return Send(std::move(request), sink);
  }

 private:
  HttpClientReply Send(httplib::Request request, const ByteSink& sink) {
    HttpClientReply reply;
    request.headers.insert(headers_.begin(), headers_.end());
    request.response_handler = [&](const httplib::Response& response) {
      reply.status = response.status;
      for (const auto& [name, value] : response.headers) {
        reply.headers.push_back({name, value});
      }
      return true;
    };
    request.content_receiver = [&](const char* bytes, std::size_t size, std::uint64_t,
                                   std::uint64_t) {
      if (sink && reply.status == 200) {
        return sink(std::string_view(bytes, size));
      }
      reply.body.append(bytes, size);
      return true;
    };
    const httplib::Result result = client_->send(request);
    if (!result) {
      reply.fault = httplib::to_string(result.error());
    }
    return reply;
  }

  std::unique_ptr<httplib::Client> client_;
  httplib::Headers headers_;
};

}  // namespace

std::unique_ptr<HttpClient> MakeHttplibClient(const HttpClientOptions& options) {
  return std::make_unique<Client>(options);
}

}  // namespace bertqa
