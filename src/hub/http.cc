#include "hub/http.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "bertqa/error.h"

namespace bertqa {
namespace {

/// ASCII only, as names of headers and hosts are.
std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& character : lower) {
    if (character >= 'A' && character <= 'Z') {
      character = static_cast<char>(character - 'A' + 'a');
    }
  }
  return lower;
}

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  const std::size_t last = text.find_last_not_of(" \t");
  return begin == std::string_view::npos ? "" : text.substr(begin, last - begin + 1);
}

/// Values are quoted in messages, and must not drive the terminal.
std::string Printable(std::string_view text) {
  std::string printable(text);
  std::replace_if(
      printable.begin(), printable.end(),
      [](char character) { return character < ' ' || character > '~'; }, '?');
  return printable;
}

bool IsHostCharacter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
         std::string_view(".-_:[]").find(character) != std::string_view::npos;
}

}  // namespace

std::string HttpReply::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

bool HttpReply::IsRedirect() const {
  constexpr std::array<int, 5> kRedirects = {301, 302, 303, 307, 308};
  return std::find(kRedirects.begin(), kRedirects.end(), status) != kRedirects.end();
}

void AddHeadLine(std::string_view line, HttpReply& reply) {
  if (line.starts_with("HTTP/")) {
    reply.headers.clear();
    reply.status = 0;
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), reply.status);
    }
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    reply.headers[LowerCase(Trim(line.substr(0, colon)))] = Printable(Trim(line.substr(colon + 1)));
  }
}

std::string OriginOf(std::string_view url) {
  const std::size_t separator = url.find("://");
  if (separator == std::string_view::npos) {
    return "";
  }
  const std::string scheme = LowerCase(url.substr(0, separator));
  const std::string_view rest = url.substr(separator + 3);
  const std::string host = LowerCase(rest.substr(0, rest.find_first_of("/?#")));
  if ((scheme != "http" && scheme != "https") || host.empty() ||
      !std::all_of(host.begin(), host.end(), IsHostCharacter)) {
    return "";
  }
  const std::size_t port = host.find(':', host.starts_with('[') ? host.find(']') : 0);
  const std::string implied = scheme == "https" ? ":443" : ":80";
  return scheme + "://" + host + (port == std::string::npos ? implied : "");
}

std::string RedirectTarget(const std::string& url, const std::string& location) {
  const bool is_path = location.starts_with('/') && !location.starts_with("//");
  const std::string target = is_path ? OriginOf(url) + location : location;
  const std::string origin = OriginOf(target);
  if (origin.empty()) {
    throw Error(ErrorCode::kMalformed,
                url + ": redirects to \"" + location + "\"; an http or https address is expected");
  }
  if (OriginOf(url).starts_with("https:") && !origin.starts_with("https:")) {
    throw Error(ErrorCode::kMalformed,
                url + ": redirects to " + origin + ", which is not encrypted: refused");
  }
  return target;
}

}  // namespace bertqa
