#pragma once

#include <string>

#include "hub/hub_client.h"
#include "hub/repository_name.h"

namespace bertqa {

/// Throws what an answer that is no success means for the user: Error{kUnreadable}, one sentence
/// that says what could be done. `file` is what was asked for, "" for the repository itself.
[[noreturn]] void ThrowHubFailure(const HubReply& reply, const HubSettings& settings,
                                  const RepositoryName& name, const std::string& file);

}  // namespace bertqa
