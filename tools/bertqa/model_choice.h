#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

namespace bertqa::cli {

/// Which model the user wants.
struct ModelChoice {
  std::string name;    ///< a directory, NAME or ORG/NAME[@REVISION]; "": $BERTQA_MODEL, the bundled
  bool pull = false;   ///< fetch it from the Hub if it is not here
  bool quiet = false;  ///< no progress, no notes
};

/// `--model` and `--pull`.
void AddModelOption(CLI::App& app, ModelChoice& model);

/// The directory of a model. Of several that the name may mean the first wins: a directory of that
/// name, $BERTQA_HOME/models, the bundled ones, the Hub's cache. If there is none, the Hub is asked
/// where the user wants that: with `pull`, or at a terminal for an ORG/NAME.
/// Throws Error{kUnreadable} that says where it looked, and how to fetch it.
std::filesystem::path ResolveModel(const ModelChoice& choice);

/// A fingerprint of all files of a model. Throws Error{kUnreadable, kMalformed}.
std::string ModelFingerprint(const std::filesystem::path& folder);

/// Where models are kept by name: $BERTQA_HOME/models and what it defaults to.
std::filesystem::path ModelHome();

/// Models that came with the program: beside it, in the build tree and when installed.
std::filesystem::path BundledModels();

}  // namespace bertqa::cli
