#pragma once

#include <memory>

#include "hub/blob_verification.h"
#include "hub/http.h"

namespace bertqa {

/// Over libcurl, which honours HTTPS_PROXY, HTTP_PROXY (in lower case only, as libcurl wants it),
/// ALL_PROXY and NO_PROXY. Loads the module.
/// Throws Error{kUnsupported} if that is not there.
std::unique_ptr<HttpTransport> OpenTransport();

/// Of libcrypto. Loads the module. Throws Error{kUnsupported} if that is not there.
std::unique_ptr<Digest> OpenModuleDigest(DigestKind kind);

}  // namespace bertqa
