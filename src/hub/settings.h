#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace bertqa {

/// Where models come from and go to: the variables of the Hub's Python client, with its defaults.
struct HubSettings {
  std::string endpoint;         ///< $HF_ENDPOINT, without a final slash
  std::filesystem::path cache;  ///< $HF_HUB_CACHE, else $HF_HOME/hub
  /// $HF_TOKEN, else the text of $HF_TOKEN_PATH (default: $HF_HOME/token); "" if there is none.
  std::string token;
  std::string token_source;  ///< for messages: "HF_TOKEN" or the file
  /// A file of certificates to trust instead of the system's: the first that is set of
  /// $SSL_CERT_FILE, $CURL_CA_BUNDLE, $REQUESTS_CA_BUNDLE; "" if none is.
  std::string certificates;
  bool offline = false;       ///< $HF_HUB_OFFLINE
  double stall_seconds = 10;  ///< $HF_HUB_DOWNLOAD_TIMEOUT: this long without a byte is too long
  std::string user_agent = "bertqa";
};

/// The value of an environment variable, "" if it is not set.
using EnvironmentReader = std::function<std::string(const char* name)>;

/// Throws Error{kUsage} for an endpoint that is no http or https address, a token that cannot be a
/// header's value, or a timeout that is no positive number.
HubSettings ReadHubSettings(const EnvironmentReader& environment);

}  // namespace bertqa
