#include "hub/hub_client.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "bertqa/error.h"

namespace bertqa {
namespace {

constexpr int kMaxRedirects = 8;
constexpr int kMaxTries = 5;        ///< without a new byte
constexpr int kMaxTriesEver = 100;  ///< of one request, however it crawls on
constexpr double kFirstPauseSeconds = 0.5;
constexpr double kLongestWaitSeconds = 120;
constexpr std::size_t kMaxIgnoredBytes = 1U << 20U;  ///< of an error's page
constexpr std::size_t kMaxTextBytes = 64U << 20U;

constexpr int kOk = 200;
constexpr int kPartial = 206;
constexpr int kRangeNotSatisfiable = 416;

/// `"abc"` and `W/"abc"` -> `abc`.
std::string WithoutQuotes(std::string etag) {
  etag = etag.starts_with("W/") ? etag.substr(2) : etag;
  std::erase(etag, '"');
  return etag;
}

/// An answer that another try may change.
bool IsPassing(const HubReply& reply) {
  constexpr std::array<int, 7> kPassing = {408, 425, 429, 500, 502, 503, 504};
  const int status = reply.last.status;
  const bool is_listed = std::find(kPassing.begin(), kPassing.end(), status) != kPassing.end();
  // A link to the content that ran out: the Hub gives a new one.
  const bool is_stale = !reply.from_hub && status >= 400 && status != kRangeNotSatisfiable;
  return is_listed || is_stale;
}

}  // namespace

HubReply HubClient::Get(const std::string& url, const std::vector<std::string>& headers,
                        const BodySink& sink) {
  HubReply reply;
  reply.url = url;
  for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
    HttpRequest request;
    request.url = reply.url;
    request.headers = headers;
    request.certificates = settings_.certificates;
    request.stall_seconds = settings_.stall_seconds;
    request.headers.push_back("User-Agent: " + settings_.user_agent);
    reply.from_hub = OriginOf(reply.url) == OriginOf(settings_.endpoint);
    if (reply.from_hub && !settings_.token.empty()) {
      request.headers.push_back("Authorization: Bearer " + settings_.token);
    }
    std::size_t ignored_bytes = 0;
    const auto filter = [&](const HttpReply& head, std::string_view bytes) {
      if (head.status == kOk || head.status == kPartial) {
        return sink(head, bytes);
      }
      ignored_bytes += bytes.size();
      return ignored_bytes <= kMaxIgnoredBytes;
    };
    reply.last = transport_.Get(request, filter);
    was_reached_ = was_reached_ || reply.last.status != 0;
    const std::string linked = WithoutQuotes(reply.last.Header("x-linked-etag"));
    reply.linked_hash = reply.from_hub && !linked.empty() ? linked : reply.linked_hash;
    if (!reply.last.IsWhole() || !reply.last.IsRedirect()) {
      return reply;
    }
    reply.url = RedirectTarget(reply.url, reply.last.Header("location"));
  }
  throw Error(ErrorCode::kMalformed, url + ": more than " + std::to_string(kMaxRedirects) +
                                         " redirects, one after the other");
}

HubReply HubClient::GetText(const std::string& url, std::string& text) {
  Retries retries(*this);
  HubReply reply;
  do {
    text.clear();
    reply = Get(url, {}, [&](const HttpReply&, std::string_view bytes) {
      text += bytes;
      return text.size() <= kMaxTextBytes;
    });
  } while (retries.Again(reply, /*progressed=*/false));
  return reply;
}

bool Retries::Again(const HubReply& reply, bool progressed) {
  in_a_row_ = progressed ? 1 : in_a_row_ + 1;
  ++total_;
  const TransferFault fault = reply.last.fault;
  const bool is_broken = fault == TransferFault::kBroken ||
                         (fault == TransferFault::kNoConnection && client_.was_reached_);
  const bool may_pass = is_broken || (reply.last.IsWhole() && IsPassing(reply));
  if (!may_pass || in_a_row_ >= kMaxTries || total_ >= kMaxTriesEver ||
      reply.last.retry_after_seconds > kLongestWaitSeconds) {
    return false;
  }
  const double pause = kFirstPauseSeconds * std::exp2(in_a_row_ - 1);
  client_.pause_(std::max(pause, reply.last.retry_after_seconds));
  return true;
}

}  // namespace bertqa
