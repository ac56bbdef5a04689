#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "hub/repository_listing.h"
#include "hub/repository_name.h"

namespace bertqa {

/// A repository in the Hub's cache, in the layout of its Python client:
///
///     models--ORG--NAME/blobs/HASH              a file's content, once; HASH.incomplete until
///     whole models--ORG--NAME/snapshots/COMMIT/FILE   a link to it models--ORG--NAME/refs/REVISION
///     the commit that a branch or tag was at .locks/models--ORG--NAME/HASH.lock        held while
///     the blob is fetched
class CacheRepository {
 public:
  CacheRepository(const std::filesystem::path& cache, const RepositoryName& name);

  const std::filesystem::path& folder() const { return folder_; }
  const std::filesystem::path& locks() const { return locks_; }
  std::filesystem::path Blob(const RemoteFile& file) const;
  std::filesystem::path Incomplete(const RemoteFile& file) const;
  std::filesystem::path Lock(const RemoteFile& file) const;
  std::filesystem::path Snapshot(const std::string& commit) const;

  /// Whether the content is here. Only its size is looked at: it was checked when it came.
  bool HasBlob(const RemoteFile& file) const;

  /// Makes the file appear in the snapshot; its blob is there. Throws Error{kUnwritable}.
  void LinkFile(const std::string& commit, const RemoteFile& file) const;
  /// Notes where a branch or tag is; nothing for a commit. Throws Error{kUnwritable}.
  void WriteRef(const std::string& revision, const std::string& commit) const;

  /// The commit of a branch, tag or commit, as last seen. Never asks the network.
  std::optional<std::string> CommitOf(const std::string& revision) const;
  /// The snapshot of a revision, if it holds a whole model (HoldsModel). Never asks the network.
  std::optional<std::filesystem::path> FindSnapshot(const std::string& revision) const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path locks_;
};

/// Whether a folder holds a model: configuration and whole weights.
bool IsModelFolder(const std::filesystem::path& folder);

}  // namespace bertqa
