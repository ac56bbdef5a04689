#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bertqa {

/// A model in the Hub's cache, at one commit; or what is left of a download that broke off.
struct SnapshotInfo {
  std::string id;                 ///< "ORG/NAME"
  std::string commit;             ///< "" if no snapshot holds a whole model
  std::vector<std::string> refs;  ///< branches and tags that were last seen there, sorted
  std::filesystem::path folder;
  std::uint64_t size_bytes = 0;  ///< of the files that the links lead to
};

/// What is in the cache that is a model, sorted by name and commit. Other things (data sets,
/// repositories of which only a tokenizer was fetched) are left out. Nothing if there is no cache.
std::vector<SnapshotInfo> ListSnapshots(const std::filesystem::path& cache);

/// Removes a repository from the cache, with all its revisions and locks. Returns the bytes freed.
/// `id` is "ORG/NAME" or "NAME". Throws Error{kUnreadable} if it is not there,
/// Error{kUnwritable} while another process fetches it.
std::uint64_t RemoveRepository(const std::filesystem::path& cache, const std::string& id);

}  // namespace bertqa
