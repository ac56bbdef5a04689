#include "model_choice.h"

#include <unistd.h>

#include "base/fingerprint.h"
#include "bertqa/error.h"
#include "bertqa/model.h"
#include "command.h"
#include "hub/cache.h"
#include "pull.h"

namespace bertqa::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBundledModel = "minilm-l6-squad";

/// Whether somebody sits there, and can see what is fetched.
bool IsInteractive() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

/// A model that is in none of the folders; `looked` says so.
fs::path ResolveOnHub(const std::string& text, const ModelChoice& choice, const Error& looked) {
  const auto name = ParseRepositoryName(text);
  if (!name) {
    throw looked;
  }
  const HubSettings settings = ReadSettings();
  const CacheRepository cache(settings.cache, *name);
  if (const auto snapshot = cache.FindSnapshot(name->revision)) {
    return *snapshot;
  }
  const bool is_full_name = !name->organisation.empty();
  if (choice.pull || (is_full_name && IsInteractive() && !settings.offline)) {
    return PullModel(*name, settings, choice.quiet ? Chatter::kNone : Chatter::kSome);
  }
  if (!is_full_name) {
    throw looked;
  }
  throw Error(looked.code(), looked.what() + (", " + cache.folder().string()) + "; `bertqa pull " +
                                 name->Text() + "` fetches it");
}

}  // namespace

void AddModelOption(CLI::App& app, ModelChoice& model) {
  app.add_option("-m,--model", model.name,
                 "Model directory, a name under $BERTQA_HOME/models, or ORG/NAME[@REVISION] of the "
                 "Hub; else $BERTQA_MODEL, else the bundled model")
      ->type_name("DIR|NAME");
  app.add_flag("--pull", model.pull, "Fetch the model from the Hub if it is not here");
}

fs::path BundledModels() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return program.parent_path().parent_path() / "share" / "bertqa" / "models";
}

std::string ModelFingerprint(const fs::path& folder) {
  Fingerprint files;
  for (const ModelInfo::File& file : ReadModelInfo(folder).files) {
    files.Add(file.name);
    AddFile(files, folder / file.name);
  }
  return files.Hex();
}

fs::path ModelHome() {
  fs::path home = Environment("BERTQA_HOME");
  if (home.empty()) {
    fs::path data = Environment("XDG_DATA_HOME");
    if (data.empty()) {
      data = fs::path(Environment("HOME")) / ".local" / "share";
    }
    home = data / "bertqa";
  }
  return home / "models";
}

fs::path ResolveModel(const ModelChoice& choice) {
  const std::string name = choice.name.empty() ? Environment("BERTQA_MODEL") : choice.name;
  if (name.empty()) {
    const fs::path bundled = BundledModels() / kBundledModel;
    return FindModel(bundled.string(), {});
  }
  try {
    return FindModel(name, {ModelHome(), BundledModels()});
  } catch (const Error& looked) {
    return ResolveOnHub(name, choice, looked);
  }
}

}  // namespace bertqa::cli
