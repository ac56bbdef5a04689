#include "hub/module_transport.h"

#include <array>
#include <exception>

#include "base/module_loader.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

const HubModule& Module() {
  static void* const symbol =
      LoadModuleSymbol({.file = kHubModuleName,
                        .symbol = kHubModuleSymbol,
                        .purpose = "fetch models",
                        .alternative = "",
                        .library = "libcurl",
                        .remedy = "Install bertqa with its folder lib/bertqa, and libcurl"});
  static const HubModule& module = *reinterpret_cast<HubModuleFunction>(symbol)();
  return module;
}

/// One transfer: the callbacks' state. What the sink throws waits here until libcurl has returned.
struct Exchange {
  const BodySink& sink;
  HttpReply reply = {};
  std::exception_ptr thrown = nullptr;
};

std::int32_t OnHeader(void* context, const char* line, std::size_t size) {
  auto* const exchange = static_cast<Exchange*>(context);
  try {
    AddHeadLine({line, size}, exchange->reply);
    return 1;
  } catch (...) {
    exchange->thrown = std::current_exception();
    return 0;
  }
}

std::int32_t OnBody(void* context, const char* bytes, std::size_t size) {
  auto* const exchange = static_cast<Exchange*>(context);
  try {
    return exchange->sink(exchange->reply, {bytes, size}) ? 1 : 0;
  } catch (...) {
    exchange->thrown = std::current_exception();
    return 0;
  }
}

class ModuleTransport final : public HttpTransport {
 public:
  ModuleTransport() : session_(Module().open_session(), Module().close_session) {
    if (session_ == nullptr) {
      throw Error(ErrorCode::kInternal, "libcurl: cannot be initialised");
    }
  }

  HttpReply Get(const HttpRequest& request, const BodySink& sink) override {
    std::vector<const char*> headers;
    headers.reserve(request.headers.size());
    for (const std::string& header : request.headers) {
      headers.push_back(header.c_str());
    }
    Exchange exchange{.sink = sink};
    const TransferRequest transfer = {.url = request.url.c_str(),
                                      .headers = headers.data(),
                                      .header_count = headers.size(),
                                      .certificates = request.certificates.c_str(),
                                      .connect_seconds = request.connect_seconds,
                                      .stall_seconds = request.stall_seconds,
                                      .context = &exchange,
                                      .on_header = OnHeader,
                                      .on_body = OnBody};
    TransferResult result = {};
    Module().transfer(session_.get(), &transfer, &result);
    if (exchange.thrown != nullptr) {
      std::rethrow_exception(exchange.thrown);
    }
    exchange.reply.fault = result.fault;
    exchange.reply.fault_text = result.message;
    exchange.reply.retry_after_seconds = result.retry_after_seconds;
    return exchange.reply;
  }

 private:
  std::unique_ptr<void, void (*)(void*) noexcept> session_;
};

class ModuleDigest final : public Digest {
 public:
  explicit ModuleDigest(DigestKind kind)
      : digest_(Module().open_digest(kind), Module().close_digest) {
    Require(digest_ != nullptr);
  }

  void Update(std::string_view bytes) override {
    Require(Module().update_digest(digest_.get(), bytes.data(), bytes.size()) != 0);
  }

  std::string FinishHex() override {
    std::array<unsigned char, kMaxDigestBytes> bytes = {};
    const std::size_t size = Module().finish_digest(digest_.get(), bytes.data());
    Require(size != 0);
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string hex;
    for (std::size_t index = 0; index < size; ++index) {
      hex += kHex[bytes.at(index) >> 4U];
      hex += kHex[bytes.at(index) & 15U];
    }
    return hex;
  }

 private:
  static void Require(bool succeeded) {
    if (!succeeded) {
      throw Error(ErrorCode::kInternal, "libcrypto: a hash cannot be computed");
    }
  }

  std::unique_ptr<void, void (*)(void*) noexcept> digest_;
};

}  // namespace

std::unique_ptr<HttpTransport> OpenTransport() {
  return std::make_unique<ModuleTransport>();
}

std::unique_ptr<Digest> OpenModuleDigest(DigestKind kind) {
  return std::make_unique<ModuleDigest>(kind);
}

}  // namespace bertqa
