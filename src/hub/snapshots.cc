#include "hub/snapshots.h"

#include <algorithm>
#include <map>
#include <system_error>

#include "bertqa/error.h"
#include "hub/cache.h"
#include "hub/file_lock.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

/// The entries of a folder, sorted; none if it is not there.
std::vector<fs::path> Entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// Bytes of the files below a folder, links followed.
std::uint64_t SizeOf(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, error)) {
    const std::uint64_t size = entry.is_regular_file(error) ? entry.file_size(error) : 0;
    bytes += error ? 0 : size;
  }
  return bytes;
}

/// Commit -> the branches and tags that are there.
std::map<std::string, std::vector<std::string>> ReadRefs(const CacheRepository& repository) {
  std::map<std::string, std::vector<std::string>> refs;
  const fs::path folder = repository.folder() / "refs";
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, error)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (const auto commit = repository.CommitOf(name)) {
      refs[*commit].push_back(name);
    }
  }
  for (auto& [commit, names] : refs) {
    std::sort(names.begin(), names.end());
  }
  return refs;
}

bool HasBrokenDownload(const CacheRepository& repository) {
  const std::vector<fs::path> blobs = Entries(repository.folder() / "blobs");
  return std::any_of(blobs.begin(), blobs.end(),
                     [](const fs::path& blob) { return blob.extension() == ".incomplete"; });
}

void AddSnapshots(const CacheRepository& repository, const std::string& id,
                  std::vector<SnapshotInfo>& found) {
  const auto refs = ReadRefs(repository);
  const std::size_t before = found.size();
  for (const fs::path& folder : Entries(repository.folder() / "snapshots")) {
    const std::string commit = folder.filename().string();
    if (!IsCommit(commit) || !IsModelFolder(folder)) {
      continue;
    }
    const auto names = refs.find(commit);
    found.push_back({.id = id,
                     .commit = commit,
                     .refs = names == refs.end() ? std::vector<std::string>() : names->second,
                     .folder = folder,
                     .size_bytes = SizeOf(folder)});
  }
  if (found.size() == before && HasBrokenDownload(repository)) {
    found.push_back({.id = id,
                     .commit = "",
                     .refs = {},
                     .folder = repository.folder(),
                     .size_bytes = SizeOf(repository.folder() / "blobs")});
  }
}

}  // namespace

std::vector<SnapshotInfo> ListSnapshots(const fs::path& cache) {
  std::vector<SnapshotInfo> found;
  for (const fs::path& folder : Entries(cache)) {
    if (const auto name = ParseFolderName(folder.filename().string())) {
      AddSnapshots(CacheRepository(cache, *name), name->Id(), found);
    }
  }
  return found;
}

std::uint64_t RemoveRepository(const fs::path& cache, const std::string& id) {
  const auto name = ParseRepositoryName(id);
  std::error_code error;
  if (!name || name->Id() != id ||
      !fs::is_directory(CacheRepository(cache, *name).folder(), error)) {
    throw Error(
        ErrorCode::kUnreadable,
        "model \"" + id + "\": was not pulled; there is no such model in " + cache.string());
  }
  const CacheRepository repository(cache, *name);
  std::vector<FileLock> held;
  for (const fs::path& lock : Entries(repository.locks())) {
    if (auto taken = FileLock::Try(lock)) {
      held.push_back(std::move(*taken));
    } else {
      throw Error(ErrorCode::kUnwritable,
                  "model \"" + id + "\": another process is fetching it; nothing was removed");
    }
  }
  const std::uint64_t bytes = SizeOf(repository.folder() / "blobs");
  // First what makes it found, so that a removal that breaks off leaves nothing that looks whole.
  for (const fs::path& part : {repository.folder() / "refs", repository.folder() / "snapshots",
                               repository.folder(), repository.locks()}) {
    fs::remove_all(part, error);
    if (error) {
      throw Error(ErrorCode::kUnwritable, part.string() + ": cannot remove: " + error.message());
    }
  }
  return bytes;
}

}  // namespace bertqa
