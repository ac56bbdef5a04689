#include <algorithm>

#include "bertqa/error.h"
#include "command.h"
#include "hub/cache.h"
#include "hub/snapshots.h"
#include "io/json_text.h"
#include "pull.h"

namespace bertqa::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownCommitDigits = 12;
constexpr std::size_t kColumnGap = 2;

struct ModelsOptions {
  bool json = false;
  std::string remove;
  bool quiet = false;
};

/// A model that is here.
struct ListedModel {
  std::string name;      ///< what --model takes
  std::string source;    ///< "bundled", "local" or "hub"
  std::string revision;  ///< of the Hub: the commit; "" else, and for a download that broke off
  std::vector<std::string> refs;
  std::uint64_t size_bytes = 0;
  fs::path directory;
  bool is_complete = true;
};

/// The model directories of a folder: NAME and ORG/NAME.
std::vector<std::string> ModelsBelow(const fs::path& root, const std::string& prefix = "") {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root / prefix, error)) {
    const std::string name = prefix + entry.path().filename().string();
    if (IsModelFolder(root / name)) {
      names.push_back(name);
    } else if (prefix.empty() && entry.is_directory(error)) {
      const std::vector<std::string> inner = ModelsBelow(root, name + "/");
      names.insert(names.end(), inner.begin(), inner.end());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::uint64_t SizeOf(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    bytes += entry.is_regular_file(error) ? entry.file_size(error) : 0;
  }
  return bytes;
}

void AddFolder(const fs::path& root, const std::string& source, std::vector<ListedModel>& models) {
  for (const std::string& name : ModelsBelow(root)) {
    models.push_back({.name = name,
                      .source = source,
                      .revision = "",
                      .refs = {},
                      .size_bytes = SizeOf(root / name),
                      .directory = root / name});
  }
}

/// "ORG/NAME" for what `main` is, else with the branch, tag or commit.
std::string NameOf(const SnapshotInfo& snapshot) {
  const auto& refs = snapshot.refs;
  if (snapshot.commit.empty() || std::find(refs.begin(), refs.end(), "main") != refs.end()) {
    return snapshot.id;
  }
  return snapshot.id + "@" + (refs.empty() ? snapshot.commit : refs.front());
}

std::vector<ListedModel> ListModels() {
  std::vector<ListedModel> models;
  AddFolder(BundledModels(), "bundled", models);
  AddFolder(ModelHome(), "local", models);
  for (const SnapshotInfo& snapshot : ListSnapshots(ReadSettings().cache)) {
    models.push_back({.name = NameOf(snapshot),
                      .source = "hub",
                      .revision = snapshot.commit,
                      .refs = snapshot.refs,
                      .size_bytes = snapshot.size_bytes,
                      .directory = snapshot.folder,
                      .is_complete = !snapshot.commit.empty()});
  }
  return models;
}

std::string FormatTable(const std::vector<ListedModel>& models) {
  std::size_t name_width = 0;
  for (const ListedModel& model : models) {
    name_width = std::max(name_width, model.name.size() + kColumnGap);
  }
  const auto column = [](std::string text, std::size_t width) {
    text.resize(std::max(width, text.size() + 1), ' ');
    return text;
  };
  std::string table;
  for (const ListedModel& model : models) {
    const std::string revision =
        !model.is_complete
            ? "unfinished"
            : (model.revision.empty() ? "-" : model.revision.substr(0, kShownCommitDigits));
    table += column(model.name, name_width) + column(model.source, 9) +
             column(revision, kShownCommitDigits + kColumnGap) + SizeText(model.size_bytes) + "\n";
  }
  return table;
}

/// One object a line.
std::string FormatJson(const std::vector<ListedModel>& models) {
  std::string json;
  for (const ListedModel& model : models) {
    std::string refs;
    for (const std::string& ref : model.refs) {
      refs += (refs.empty() ? "" : ",") + JsonString(ref);
    }
    json += "{\"name\":" + JsonString(model.name) + ",\"source\":" + JsonString(model.source) +
            ",\"revision\":" + (model.revision.empty() ? "null" : JsonString(model.revision)) +
            ",\"refs\":[" + refs + "],\"size_bytes\":" + std::to_string(model.size_bytes) +
            ",\"complete\":" + (model.is_complete ? "true" : "false") +
            ",\"directory\":" + JsonString(model.directory.string()) + "}\n";
  }
  return json;
}

int RunList(const ModelsOptions& options) {
  const std::vector<ListedModel> models = ListModels();
  WriteOut(options.json ? FormatJson(models) : FormatTable(models));
  return kDone;
}

int RunRemove(const ModelsOptions& options) {
  const std::string& name = options.remove;
  if (name.find('@') != std::string::npos) {
    throw Error(ErrorCode::kUsage, "model \"" + name +
                                       "\": all revisions are removed together; "
                                       "name it without one");
  }
  // Of the Hub's cache first: that name may stand for others as well, which stay.
  const fs::path cache = ReadSettings().cache;
  const auto pulled = ParseRepositoryName(name);
  std::error_code error;
  const bool is_pulled =
      pulled && fs::is_directory(CacheRepository(cache, *pulled).folder(), error);
  if (pulled && !is_pulled && IsModelFolder(BundledModels() / name)) {
    throw Error(ErrorCode::kUsage, "model \"" + name + "\": is bundled, it cannot be removed");
  }
  if (pulled && !is_pulled && IsModelFolder(ModelHome() / name)) {
    throw Error(ErrorCode::kUsage, "model \"" + name + "\": was not pulled; it is your own: " +
                                       (ModelHome() / name).string());
  }
  const std::uint64_t bytes = RemoveRepository(cache, name);
  if (!options.quiet) {
    Note("removed " + name + ", " + SizeText(bytes));
  }
  return kDone;
}

}  // namespace

void AddModels(CLI::App& app, Action& action) {
  auto options = std::make_shared<ModelsOptions>();  // shared with the callback below
  CLI::App* const models =
      app.add_subcommand("models", "The models that are here, with sizes; remove one");
  models->require_subcommand(0, 1);
  models->add_flag("--json", options->json, "One JSON object a line");
  CLI::App* const remove =
      models->add_subcommand("remove", "Remove a pulled model, with all its revisions");
  remove->add_option("ORG/NAME", options->remove, "The model")->required()->type_name(" ");
  remove->add_flag("--quiet", options->quiet, "Errors only");
  // After the subcommand, which would take it over.
  models->footer(
      "Columns: name, as -m takes it; source (bundled; local: $BERTQA_HOME/models;\n"
      "hub: pulled, or fetched by the Hub's Python client); commit; size.");
  models->callback([options, remove, &action] {
    action = [options, is_removal = remove->parsed()] {
      return is_removal ? RunRemove(*options) : RunList(*options);
    };
  });
}

}  // namespace bertqa::cli
