#include <string>

#include "command.h"
#include "io/json_text.h"

namespace bertqa::cli {
namespace {

struct InfoOptions {
  ModelChoice model;
  bool json = false;
};

using Rows = std::vector<std::pair<std::string, std::string>>;

/// Key and value, the value as JSON.
Rows ListFacts(const ModelInfo& info) {
  const auto number = [](std::size_t value) { return std::to_string(value); };
  return {{"family", JsonString(info.family)},
          {"tokenizer", JsonString(info.tokenizer)},
          {"layers", number(info.layers)},
          {"hidden_size", number(info.hidden_size)},
          {"attention_heads", number(info.attention_heads)},
          {"intermediate_size", number(info.intermediate_size)},
          {"vocabulary_size", number(info.vocabulary_size)},
          {"max_window_tokens", number(info.max_window_tokens)},
          {"parameters", number(info.parameters)},
          {"weights_file", JsonString(info.weights_file)},
          {"weights_dtype", JsonString(info.weights_dtype)},
          {"licence", info.licence.empty() ? "null" : JsonString(info.licence)},
          {"no_answer", info.defaults.no_answer ? "true" : "false"},
          {"null_threshold", NumberText(info.defaults.null_threshold)},
          {"temperature", NumberText(info.defaults.temperature)}};
}

std::string FormatText(const std::filesystem::path& directory, const ModelInfo& info) {
  static constexpr std::size_t kKeyWidth = 20;
  const auto row = [](std::string key, const std::string& value) {
    key.resize(std::max(key.size() + 1, kKeyWidth), ' ');
    return key + value + "\n";
  };
  std::string text = row("directory", directory.string());
  for (const auto& [key, value] : ListFacts(info)) {
    text += row(key, value.starts_with('"') ? DecodeJsonString(value) : value);
  }
  for (const ModelInfo::File& file : info.files) {
    text += row("file", file.name + "  " + std::to_string(file.size_bytes) + " bytes");
  }
  return text;
}

std::string FormatJson(const std::filesystem::path& directory, const ModelInfo& info) {
  std::string json = "{\"directory\":" + JsonString(directory.string());
  for (const auto& [key, value] : ListFacts(info)) {
    json += "," + JsonString(key) + ":" + value;
  }
  json += ",\"files\":[";
  for (const ModelInfo::File& file : info.files) {
    json += json.ends_with('[') ? "" : ",";
    json += "{\"name\":" + JsonString(file.name) +
            ",\"size_bytes\":" + std::to_string(file.size_bytes) + "}";
  }
  return json + "]}\n";
}

int RunInfo(const InfoOptions& options) {
  const std::filesystem::path directory = ResolveModel(options.model);
  const ModelInfo info = ReadModelInfo(directory);
  WriteOut(options.json ? FormatJson(directory, info) : FormatText(directory, info));
  return kDone;
}

}  // namespace

void AddInfo(CLI::App& app, Action& action) {
  auto options = std::make_shared<InfoOptions>();  // shared with the callback below
  CLI::App* const info =
      app.add_subcommand("info", "What a model is: family, sizes, files, licence, defaults");
  AddModelOption(*info, options->model);
  info->add_flag("--json", options->json, "One JSON object");
  info->callback([options, &action] { action = [options] { return RunInfo(*options); }; });
}

}  // namespace bertqa::cli
