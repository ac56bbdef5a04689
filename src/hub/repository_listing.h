#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bertqa {

/// A file of a repository, as the Hub describes it.
struct RemoteFile {
  std::string path;  ///< as the server wrote it: check it with IsPlainFileName before use
  std::uint64_t size_bytes = 0;
  /// What its content must hash to: SHA-256 of the bytes if `is_large`, else git's SHA-1 of the
  /// blob. Also the name of the file in the cache.
  std::string hash;
  bool is_large = false;  ///< kept by Git LFS
};

struct RepositoryListing {
  std::string commit;  ///< 40 digits
  std::vector<RemoteFile> files;

  /// Null if there is none of that name; valid as long as the listing.
  const RemoteFile* Find(const std::string& path) const;
};

/// Reads what `GET /api/models/ORG/NAME/revision/REVISION?blobs=true` answers. `place` is for
/// messages. Files without a size or a hash are left out. Throws Error{kMalformed} for anything
/// that is not such an answer, and for a path that would leave its folder.
RepositoryListing ParseListing(const std::string& json, const std::string& place);

/// A name in the repository's top folder that is safe as a file's name here: letters, digits, "-",
/// "_" and "."; not hidden.
bool IsPlainFileName(const std::string& path);

}  // namespace bertqa
