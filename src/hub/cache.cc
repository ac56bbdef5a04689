#include "hub/cache.h"

#include <unistd.h>

#include <system_error>

#include "base/files.h"
#include "bertqa/error.h"
#include "hub/file_choice.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Fail(const fs::path& path, const std::error_code& error) {
  throw Error(ErrorCode::kUnwritable, path.string() + ": cannot write: " + error.message());
}

void MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    Fail(folder, error);
  }
}

}  // namespace

CacheRepository::CacheRepository(const fs::path& cache, const RepositoryName& name)
    : folder_(cache / name.FolderName()), locks_(cache / ".locks" / name.FolderName()) {}

fs::path CacheRepository::Blob(const RemoteFile& file) const {
  return folder_ / "blobs" / file.hash;
}

fs::path CacheRepository::Incomplete(const RemoteFile& file) const {
  return folder_ / "blobs" / (file.hash + ".incomplete");
}

fs::path CacheRepository::Lock(const RemoteFile& file) const {
  return locks_ / (file.hash + ".lock");
}

fs::path CacheRepository::Snapshot(const std::string& commit) const {
  return folder_ / "snapshots" / commit;
}

bool CacheRepository::HasBlob(const RemoteFile& file) const {
  std::error_code error;
  return fs::is_regular_file(Blob(file), error) &&
         fs::file_size(Blob(file), error) == file.size_bytes && !error;
}

void CacheRepository::LinkFile(const std::string& commit, const RemoteFile& file) const {
  const fs::path link = Snapshot(commit) / file.path;
  const fs::path target = fs::path("..") / ".." / "blobs" / file.hash;
  std::error_code error;
  if (fs::read_symlink(link, error) == target && !error) {
    return;
  }
  MakeFolder(link.parent_path());
  fs::path staging = link;
  staging += ".tmp" + std::to_string(::getpid());
  fs::remove(staging, error);
  fs::create_symlink(target, staging, error);
  if (error) {  // a file system without links
    fs::copy_file(Blob(file), staging, fs::copy_options::overwrite_existing, error);
  }
  if (!error) {
    fs::rename(staging, link, error);
  }
  if (error) {
    Fail(link, error);
  }
}

void CacheRepository::WriteRef(const std::string& revision, const std::string& commit) const {
  if (revision == commit) {
    return;
  }
  const fs::path ref = folder_ / "refs" / revision;
  MakeFolder(ref.parent_path());
  WriteFileAtomically(ref, commit);
}

std::optional<std::string> CacheRepository::CommitOf(const std::string& revision) const {
  if (IsCommit(revision)) {
    return revision;
  }
  const fs::path ref = folder_ / "refs" / revision;
  std::error_code error;
  if (!fs::is_regular_file(ref, error)) {
    return std::nullopt;
  }
  const std::string text = ReadFile(ref);
  const std::string commit = text.substr(0, text.find_first_of(" \r\n"));
  return IsCommit(commit) ? std::optional(commit) : std::nullopt;
}

std::optional<fs::path> CacheRepository::FindSnapshot(const std::string& revision) const {
  const std::optional<std::string> commit = CommitOf(revision);
  if (!commit || !IsModelFolder(Snapshot(*commit))) {
    return std::nullopt;
  }
  return Snapshot(*commit);
}

bool IsModelFolder(const fs::path& folder) {
  const auto exists = [&](const std::string& name) {
    std::error_code error;
    return fs::is_regular_file(folder / name, error);
  };
  return HoldsModel(exists, [&](const std::string& name) { return ReadFile(folder / name); });
}

}  // namespace bertqa
