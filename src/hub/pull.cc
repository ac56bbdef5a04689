#include "hub/pull.h"

#include "base/files.h"
#include "base/url.h"
#include "bertqa/error.h"
#include "hub/blob_download.h"
#include "hub/cache.h"
#include "hub/file_choice.h"
#include "hub/hub_failure.h"

namespace bertqa {
namespace {

constexpr int kOk = 200;

/// One run of Pull.
class Puller {
 public:
  Puller(const RepositoryName& name, const HubSettings& settings,
         const PullConnections& connections)
      : name_(name),
        settings_(settings),
        connections_(connections),
        client_(connections.transport, settings, connections.pause),
        cache_(settings.cache, name) {}

  std::filesystem::path Run() {
    listing_ = FetchListing();
    const FileChoice choice = ChooseFiles(listing_, name_.Text());
    Add(choice.files);
    for (const RemoteFile& file : choice.files) {
      Bring(file);
    }
    if (!choice.index.empty()) {
      const std::string index = ReadFile(cache_.Snapshot(listing_.commit) / choice.index);
      const auto shards = ChooseShards(index, name_.Text() + "/" + choice.index, listing_);
      Add(shards);
      for (const RemoteFile& shard : shards) {
        Bring(shard);
      }
    }
    cache_.WriteRef(name_.revision, listing_.commit);
    return cache_.Snapshot(listing_.commit);
  }

 private:
  RepositoryListing FetchListing() {
    const std::string url = settings_.endpoint + "/api/models/" + name_.Id() + "/revision/" +
                            EscapeUrlPart(name_.revision) + "?blobs=true";
    std::string text;
    const HubReply reply = client_.GetText(url, text);
    if (!reply.last.IsWhole() || reply.last.status != kOk) {
      ThrowHubFailure(reply, settings_, name_, "");
    }
    return ParseListing(text, url);
  }

  void Add(const std::vector<RemoteFile>& files) {
    for (const RemoteFile& file : files) {
      progress_.total_bytes += file.size_bytes;
    }
  }

  void Bring(const RemoteFile& file) {
    const std::uint64_t before = progress_.done_bytes;
    progress_.file = file.path;
    const auto show = [&](std::uint64_t bytes) {
      progress_.done_bytes = before + bytes;
      connections_.progress(progress_);
    };
    DownloadBlob(client_, {.name = name_,
                           .commit = listing_.commit,
                           .file = file,
                           .cache = cache_,
                           .open_digest = connections_.open_digest,
                           .on_bytes = show,
                           .on_wait = [&] {
                             connections_.note("waiting for another process that fetches " +
                                               name_.Text() + "/" + file.path);
                           }});
    cache_.LinkFile(listing_.commit, file);
    show(file.size_bytes);
  }

  const RepositoryName& name_;
  const HubSettings& settings_;
  const PullConnections& connections_;
  HubClient client_;
  CacheRepository cache_;
  RepositoryListing listing_;
  PullProgress progress_;
};

}  // namespace

std::filesystem::path Pull(const RepositoryName& name, const HubSettings& settings,
                           const PullConnections& connections) {
  if (settings.offline) {
    throw Error(ErrorCode::kUnreadable,
                name.Text() + ": nothing is fetched, since HF_HUB_OFFLINE is set");
  }
  return Puller(name, settings, connections).Run();
}

}  // namespace bertqa
