#include "hub/settings.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/files.h"
#include "bertqa/error.h"
#include "hub/http.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultEndpoint = "https://huggingface.co";
constexpr double kMaxSeconds = 86400;

/// "1", "ON", "YES" and "TRUE", in any case: as the Python client reads it.
bool IsTrue(std::string value) {
  for (char& character : value) {
    character =
        static_cast<char>(character >= 'a' && character <= 'z' ? character - 'a' + 'A' : character);
  }
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

/// "~" and "~/…" as a shell reads them.
fs::path ExpandHome(const std::string& path, const std::string& home) {
  return path == "~" || path.starts_with("~/") ? fs::path(home + path.substr(1)) : fs::path(path);
}

std::string WithoutSpaceAround(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, last - begin + 1);
}

void ReadToken(const EnvironmentReader& environment, const fs::path& hub_home,
               HubSettings& settings) {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    settings.token = WithoutSpaceAround(environment(name));
    settings.token_source = name;
    if (!settings.token.empty()) {
      break;
    }
  }
  const std::string path = environment("HF_TOKEN_PATH");
  const fs::path file = path.empty() ? hub_home / "token" : ExpandHome(path, environment("HOME"));
  std::error_code error;
  if (settings.token.empty() && fs::is_regular_file(file, error)) {
    settings.token = WithoutSpaceAround(ReadFile(file));
    settings.token_source = file.string();
  }
  const auto is_plain = [](char character) { return character > ' ' && character <= '~'; };
  if (!std::all_of(settings.token.begin(), settings.token.end(), is_plain)) {
    throw Error(ErrorCode::kUsage, settings.token_source +
                                       ": a token of visible ASCII characters is expected, and "
                                       "it holds others");
  }
}

double ReadSeconds(const EnvironmentReader& environment, const char* name, double otherwise) {
  const std::string text = environment(name);
  if (text.empty()) {
    return otherwise;
  }
  double seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (problem != std::errc() || end != text.data() + text.size() || !(seconds > 0) ||
      seconds > kMaxSeconds) {
    throw Error(ErrorCode::kUsage,
                std::string(name) + ": a number of seconds is expected, not \"" + text + "\"");
  }
  return seconds;
}

std::string ReadEndpoint(const EnvironmentReader& environment) {
  std::string endpoint = environment("HF_ENDPOINT");
  while (endpoint.ends_with('/')) {
    endpoint.pop_back();
  }
  if (endpoint.empty()) {
    return kDefaultEndpoint;
  }
  if (OriginOf(endpoint).empty()) {
    throw Error(ErrorCode::kUsage,
                "HF_ENDPOINT: an http or https address is expected, not \"" + endpoint + "\"");
  }
  return endpoint;
}

}  // namespace

HubSettings ReadHubSettings(const EnvironmentReader& environment) {
  const std::string home = environment("HOME");
  fs::path hub_home = ExpandHome(environment("HF_HOME"), home);
  if (hub_home.empty()) {
    const fs::path caches = ExpandHome(environment("XDG_CACHE_HOME"), home);
    hub_home = (caches.empty() ? fs::path(home) / ".cache" : caches) / "huggingface";
  }
  HubSettings settings;
  settings.cache = hub_home / "hub";
  for (const char* name : {"HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"}) {  // the later wins
    const std::string cache = environment(name);
    settings.cache = cache.empty() ? settings.cache : ExpandHome(cache, home);
  }
  for (const char* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    if (settings.certificates.empty()) {
      settings.certificates = environment(name);
    }
  }
  settings.endpoint = ReadEndpoint(environment);
  settings.offline =
      IsTrue(environment("HF_HUB_OFFLINE")) || IsTrue(environment("TRANSFORMERS_OFFLINE"));
  settings.stall_seconds =
      ReadSeconds(environment, "HF_HUB_DOWNLOAD_TIMEOUT", settings.stall_seconds);
  ReadToken(environment, hub_home, settings);
  return settings;
}

}  // namespace bertqa
