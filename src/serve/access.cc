#include "serve/access.h"

#include <algorithm>

#include "base/ascii.h"
#include "serve/problem.h"

namespace bertqa {
namespace {

/// "Host" without its port.
std::string HostName(std::string_view host) {
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string name = LowerAscii(host.substr(0, colon));
  if (name.ends_with('.')) {
    name.pop_back();
  }
  return name;
}

bool Contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool IsListed(std::string_view origin, const AccessRules& rules) {
  return Contains(rules.origins, "*") || Contains(rules.origins, origin);
}

/// Whether a page has the address of the server itself.
bool IsOwn(std::string_view origin, std::string_view host) {
  const std::string lower = LowerAscii(origin);
  return lower == "http://" + LowerAscii(host) || lower == "https://" + LowerAscii(host);
}

/// How many bytes do not agree, in a time that only the lengths decide.
std::size_t Differences(std::string_view given, std::string_view key) {
  std::size_t differences = given.size() ^ key.size();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char expected = key.empty() ? '\0' : key[i % key.size()];
    differences |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(expected);
  }
  return differences;
}

std::string_view ShownKey(const HttpHead& head) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view authorization = FindHeader(head.headers, "Authorization");
  if (LowerAscii(authorization.substr(0, kScheme.size())) == kScheme) {
    return authorization.substr(kScheme.size());
  }
  return FindHeader(head.headers, "X-API-Key");
}

}  // namespace

void CheckPlace(const HttpHead& head, const AccessRules& rules) {
  const std::string_view host = FindHeader(head.headers, "Host");
  if (!rules.hosts.empty() && !host.empty() && !Contains(rules.hosts, HostName(host))) {
    throw HttpProblem(421, "wrong_host",
                      "this server is not that host; it answers to " + rules.hosts.front());
  }
  const std::string_view origin = FindHeader(head.headers, "Origin");
  if (!origin.empty() && !IsOwn(origin, host) && !IsListed(origin, rules)) {
    throw HttpProblem(403, "wrong_origin",
                      "pages of that origin may not use this server (--cors-origin)");
  }
  // Older requests of a browser (an image, a script) have no Origin.
  const bool is_visit = FindHeader(head.headers, "Sec-Fetch-Mode") == "navigate" &&
                        FindHeader(head.headers, "Sec-Fetch-Dest") == "document";
  if (origin.empty() && FindHeader(head.headers, "Sec-Fetch-Site") == "cross-site" && !is_visit &&
      !Contains(rules.origins, "*")) {
    throw HttpProblem(403, "wrong_origin", "pages elsewhere may not use this server");
  }
}

void CheckKey(const HttpHead& head, const AccessRules& rules) {
  if (rules.keys.empty()) {
    return;
  }
  const std::string_view shown = ShownKey(head);
  std::size_t matches = 0;
  for (const std::string& key : rules.keys) {
    matches += Differences(shown, key) == 0 ? 1 : 0;
  }
  if (matches == 0) {
    throw HttpProblem(401, "unauthorized",
                      shown.empty() ? "a key is needed: Authorization: Bearer KEY"
                                    : "the key is not one of this server's",
                      {{"WWW-Authenticate", "Bearer realm=\"bertqa\""}});
  }
}

std::vector<HttpHeader> CorsHeaders(const HttpHead& head, const AccessRules& rules) {
  if (rules.origins.empty()) {
    return {};
  }
  std::vector<HttpHeader> headers = {{"Vary", "Origin"}};
  const std::string_view origin = FindHeader(head.headers, "Origin");
  if (!origin.empty() && IsListed(origin, rules)) {
    headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
    headers.push_back({"Access-Control-Expose-Headers", "X-Request-Id, Retry-After"});
    if (head.method == "OPTIONS") {
      headers.push_back({"Access-Control-Allow-Methods", "GET, POST, OPTIONS"});
      headers.push_back(
          {"Access-Control-Allow-Headers", "Authorization, Content-Type, X-API-Key, X-Request-Id"});
      headers.push_back({"Access-Control-Max-Age", "600"});
    }
  }
  return headers;
}

std::vector<std::string> LoopbackHosts() {
  return {"localhost", "127.0.0.1", "[::1]"};
}

}  // namespace bertqa
