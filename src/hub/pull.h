#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "hub/blob_verification.h"
#include "hub/hub_client.h"
#include "hub/repository_name.h"

namespace bertqa {

/// How far a pull is.
struct PullProgress {
  std::string file;               ///< the one that is being fetched
  std::uint64_t done_bytes = 0;   ///< of all files, what was there before included
  std::uint64_t total_bytes = 0;  ///< 0 until it is known
};

/// What Pull talks to, and through. Tests put theirs in place of each.
struct PullConnections {
  HttpTransport& transport;
  DigestFactory open_digest;
  Pause pause;
  std::function<void(const std::string&)> note;  ///< a sentence for the user
  std::function<void(const PullProgress&)> progress;
};

/// Brings a model of the Hub into the cache: its files at the revision's present commit, of which
/// those that are there already are not fetched again. Returns the snapshot's folder.
/// The revision's name is noted when all is there, so a pull that broke off is never taken for a
/// model. Throws Error{kUnreadable, kMalformed, kUnsupported, kUnwritable}.
std::filesystem::path Pull(const RepositoryName& name, const HubSettings& settings,
                           const PullConnections& connections);

}  // namespace bertqa
