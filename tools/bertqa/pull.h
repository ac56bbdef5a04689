#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hub/repository_name.h"
#include "hub/settings.h"

namespace bertqa::cli {

/// Whether a user wants to hear about what goes well.
enum class Chatter { kNone, kSome };

/// The Hub's settings of this process: its environment.
HubSettings ReadSettings();

/// Fetches a model, with progress where stderr is a terminal. Returns its folder.
/// Throws what Pull throws.
std::filesystem::path PullModel(const RepositoryName& name, const HubSettings& settings,
                                Chatter chatter);

/// "433.3 MB", in powers of 1000.
std::string SizeText(std::uint64_t bytes);

}  // namespace bertqa::cli
