#include "model/convert.h"

#include <string>

#include "base/files.h"
#include "bertqa/error.h"
#include "command.h"

namespace bertqa::cli {
namespace {

namespace fs = std::filesystem;

struct ImportCommandOptions {
  std::string source;
  std::string config;
  std::string vocabulary;
  std::string output;
  bool half = false;
  bool overwrite = false;
  bool quiet = false;
};

struct ExportCommandOptions {
  ModelChoice model;
  std::string output;
  WeightsFormat format = WeightsFormat::kSafetensors;
  bool overwrite = false;
  bool quiet = false;
};

/// The name of a checkpoint: its folder's, or for an archive that of the folder around it.
std::string NameOfSource(const fs::path& source) {
  const fs::path folder = fs::weakly_canonical(source);
  return (fs::is_directory(folder) ? folder : folder.parent_path()).filename().string();
}

int RunImport(const ImportCommandOptions& options) {
  if (!Exists(options.source)) {
    throw Error(ErrorCode::kUnreadable, options.source + ": no such file or folder");
  }
  const fs::path target = options.output.empty() ? ModelHome() / NameOfSource(options.source)
                                                 : fs::path(options.output);
  ConvertOptions convert;
  convert.precision = options.half ? StoredPrecision::kFloat16 : StoredPrecision::kAsIs;
  convert.overwrite = options.overwrite;
  ImportModel({options.source, options.config, options.vocabulary}, target, convert);
  if (!options.quiet) {
    Note("imported into " + target.string());
  }
  return kDone;
}

int RunExport(const ExportCommandOptions& options) {
  ModelChoice choice = options.model;
  choice.quiet = options.quiet;
  const fs::path source = ResolveModel(choice);
  ConvertOptions convert;
  convert.format = options.format;
  convert.overwrite = options.overwrite;
  ExportModel(source, options.output, convert);
  if (!options.quiet) {
    Note("exported " + source.string() + " into " + options.output);
  }
  return kDone;
}

}  // namespace

void AddImport(CLI::App& app, Action& action) {
  auto options = std::make_shared<ImportCommandOptions>();  // shared with the callback below
  CLI::App* const import =
      app.add_subcommand("import", "Make a model directory from a checkpoint folder or an archive");
  import
      ->add_option("SOURCE", options->source,
                   "A folder as Hugging Face saves it, or a TorchScript archive")
      ->required()
      ->type_name("PATH");
  import
      ->add_option("-o,--output", options->output,
                   "The model directory (default: $BERTQA_HOME/models/ and the source's name)")
      ->type_name("DIR");
  import->add_option("--config", options->config, "config.json of an archive (default: beside it)")
      ->type_name("FILE");
  import->add_option("--vocab", options->vocabulary, "vocab.txt of an archive (default: beside it)")
      ->type_name("FILE");
  import->add_flag("--half", options->half, "Store the weights in half precision");
  import->add_flag("--overwrite", options->overwrite, "Replace a directory that exists");
  import->add_flag("--quiet", options->quiet, "Errors only");
  import->callback([options, &action] { action = [options] { return RunImport(*options); }; });
}

void AddExport(CLI::App& app, Action& action) {
  auto options = std::make_shared<ExportCommandOptions>();  // shared with the callback below
  CLI::App* const app_export = app.add_subcommand("export", "Write a model for other programs");
  AddModelOption(*app_export, options->model);
  app_export->add_option("-o,--output", options->output, "The new folder")
      ->required()
      ->type_name("DIR");
  AddChoice<WeightsFormat>(
      *app_export, "--format", options->format,
      {{"safetensors", WeightsFormat::kSafetensors}, {"torchscript", WeightsFormat::kTorchScript}},
      "safetensors: a folder that transformers loads; torchscript: an archive that "
      "torch.jit.load runs, beside its configuration");
  app_export->add_flag("--overwrite", options->overwrite, "Replace a directory that exists");
  app_export->add_flag("--quiet", options->quiet, "Errors only");
  app_export->callback([options, &action] { action = [options] { return RunExport(*options); }; });
}

}  // namespace bertqa::cli
