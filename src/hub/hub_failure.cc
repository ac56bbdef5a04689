#include "hub/hub_failure.h"

#include <cmath>

#include "bertqa/error.h"

namespace bertqa {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kTooManyRequests = 429;

/// "https://host" of an address: the rest may hold secrets of the link, and says little.
std::string SiteOf(const std::string& url) {
  return url.substr(0, url.find_first_of("/?#", url.find("://") + 3));
}

std::string DescribeFault(const HubReply& reply) {
  const std::string site = SiteOf(reply.url);
  const std::string& text = reply.last.fault_text;
  switch (reply.last.fault) {
    case TransferFault::kNoConnection:
      return site + " cannot be reached: " + text;
    case TransferFault::kBroken:
      return "the connection to " + site + " broke off, again and again: " + text;
    case TransferFault::kUntrusted:
      return site + " is not trusted: " + text;
    case TransferFault::kNone:
    case TransferFault::kStopped:
    case TransferFault::kOther:
      break;
  }
  return site + ": " + text;
}

std::string DescribeMissing(const HubSettings& settings) {
  return settings.token.empty()
             ? "no such model on " + settings.endpoint +
                   ", or a private one: then set HF_TOKEN to a token that may read it"
             : "no such model on " + settings.endpoint + ", or a private one that the token (" +
                   settings.token_source + ") may not read";
}

std::string DescribeGated(const HubSettings& settings, const RepositoryName& name) {
  const std::string page = settings.endpoint + "/" + name.Id();
  return settings.token.empty()
             ? "is gated: ask for access at " + page + " and set HF_TOKEN to a token of yours"
             : "is gated, and the account of the token (" + settings.token_source +
                   ") has no access: ask for it at " + page;
}

std::string DescribeStatus(const HubReply& reply, const HubSettings& settings,
                           const RepositoryName& name, const std::string& file) {
  const int status = reply.last.status;
  const std::string code = reply.last.Header("x-error-code");
  if (code == "GatedRepo") {
    return DescribeGated(settings, name);
  }
  if (code == "RevisionNotFound") {
    return "has no revision \"" + name.revision + "\"";
  }
  if (code == "EntryNotFound" && !file.empty()) {
    return "has no file " + file;
  }
  if (status == kUnauthorized && code != "RepoNotFound" && !settings.token.empty()) {
    return settings.endpoint + " does not accept the token (" + settings.token_source + ")";
  }
  if (status == kUnauthorized || status == kNotFound) {
    return DescribeMissing(settings);
  }
  if (status == kForbidden) {
    return settings.endpoint + " refuses access (403)";
  }
  const std::string answer = SiteOf(reply.url) + " answers " + std::to_string(status);
  if (status == kTooManyRequests) {
    const double seconds = std::ceil(reply.last.retry_after_seconds);
    return answer + ", too many requests; try again " +
           (seconds > 0 ? "in " + std::to_string(static_cast<long>(seconds)) + " seconds"
                        : "later");
  }
  return answer + (status >= 500 ? ", a failure of its own; try again later" : "");
}

}  // namespace

void ThrowHubFailure(const HubReply& reply, const HubSettings& settings, const RepositoryName& name,
                     const std::string& file) {
  const std::string what =
      !reply.last.IsWhole() ? DescribeFault(reply) : DescribeStatus(reply, settings, name, file);
  throw Error(ErrorCode::kUnreadable, name.Text() + ": " + what);
}

}  // namespace bertqa
