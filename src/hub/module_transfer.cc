// The wrapper of libcurl.

#include <curl/curl.h>

#include <cstdio>
#include <string_view>

#include "hub/module_parts.h"

namespace bertqa {
namespace {

TransferFault FaultOf(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return TransferFault::kNone;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
      return TransferFault::kStopped;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return TransferFault::kNoConnection;
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return TransferFault::kBroken;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return TransferFault::kUntrusted;
    default:
      return TransferFault::kOther;
  }
}

std::size_t OnHeader(char* bytes, std::size_t size, std::size_t count, void* user) {
  const auto* const request = static_cast<const TransferRequest*>(user);
  std::string_view line(bytes, size * count);
  while (line.ends_with('\n') || line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return request->on_header(request->context, line.data(), line.size()) != 0 ? size * count : 0;
}

std::size_t OnBody(char* bytes, std::size_t size, std::size_t count, void* user) {
  const auto* const request = static_cast<const TransferRequest*>(user);
  return request->on_body(request->context, bytes, size * count) != 0 ? size * count : 0;
}

/// Redirects are the caller's: it decides who may see the token.
void SetOptions(CURL* curl, const TransferRequest& request, curl_slist* headers, char* message) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  // A header for the server is not one for the proxy on the way to it.
  curl_easy_setopt(curl, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_seconds * 1000));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_seconds + 0.999));
  if (*request.certificates != '\0') {
    curl_easy_setopt(curl, CURLOPT_CAINFO, request.certificates);
  }
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &request);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &request);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
}

}  // namespace

void* OpenSession() noexcept {
  // Not undone: libcurl stays loaded as long as the program runs.
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  return global == CURLE_OK ? curl_easy_init() : nullptr;
}

void CloseSession(void* session) noexcept {
  curl_easy_cleanup(session);
}

void Transfer(void* session, const TransferRequest* request, TransferResult* result) noexcept {
  curl_easy_reset(session);  // keeps the connections
  curl_slist* headers = nullptr;
  for (std::size_t index = 0; index < request->header_count; ++index) {
    headers = curl_slist_append(headers, request->headers[index]);
  }
  char message[CURL_ERROR_SIZE] = "";
  SetOptions(session, *request, headers, message);
  const CURLcode code = curl_easy_perform(session);
  curl_off_t retry_after = 0;
  curl_easy_getinfo(session, CURLINFO_RETRY_AFTER, &retry_after);
  curl_slist_free_all(headers);
  result->fault = FaultOf(code);
  result->retry_after_seconds = static_cast<double>(retry_after);
  std::snprintf(result->message, sizeof(result->message), "%s",
                message[0] != '\0' ? message : curl_easy_strerror(code));
}

}  // namespace bertqa
