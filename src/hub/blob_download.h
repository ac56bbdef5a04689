#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "hub/blob_verification.h"
#include "hub/cache.h"
#include "hub/hub_client.h"

namespace bertqa {

/// What a download is told, and tells. All must outlive the call.
struct BlobRequest {
  const RepositoryName& name;
  const std::string& commit;
  const RemoteFile& file;
  const CacheRepository& cache;
  const DigestFactory& open_digest;
  const std::function<void(std::uint64_t bytes)>& on_bytes;  ///< how much of the file is here
  const std::function<void()>& on_wait;  ///< another process fetches it; this one waits
};

/// Brings the content of a file into the cache, unless it is there. Goes on with what an earlier
/// process left; writes to `….incomplete`, and renames that when it is on disk and of the right
/// size and hash. Throws Error{kUnreadable} for what the network or the Hub does,
/// Error{kMalformed} if the content is not what the Hub said, Error{kUnwritable}.
void DownloadBlob(HubClient& client, const BlobRequest& request);

}  // namespace bertqa
