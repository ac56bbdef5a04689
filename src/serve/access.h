#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/module_interface.h"

namespace bertqa {

/// Who may ask.
struct AccessRules {
  /// Names by which a browser may have come here: else a page elsewhere whose name was made to
  /// mean this machine (DNS rebinding) could read answers. Empty: any.
  std::vector<std::string> hosts = {};
  std::vector<std::string> origins = {};  ///< pages elsewhere that may use the server; "*": all
  std::vector<std::string> keys = {};     ///< one of them must be shown; empty: none is needed
};

/// Throws HttpProblem for a Host or an Origin that is not allowed: 421, 403.
void CheckPlace(const HttpHead& head, const AccessRules& rules);

/// Throws HttpProblem (401) unless the request shows a key, as "Authorization: Bearer KEY" or as
/// "X-API-Key: KEY". Takes as long for a wrong key as for a right one.
void CheckKey(const HttpHead& head, const AccessRules& rules);

/// What a page elsewhere that may use the server needs to be told (CORS); nothing for others.
std::vector<HttpHeader> CorsHeaders(const HttpHead& head, const AccessRules& rules);

/// The hosts of `AccessRules::hosts` for a server that only this machine reaches.
std::vector<std::string> LoopbackHosts();

}  // namespace bertqa
