#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "base/files.h"
#include "base/utf8.h"
#include "bertqa/error.h"
#include "command.h"
#include "descriptor.h"
#include "io/heat_map.h"
#include "io/inspection_writer.h"
#include "text_input.h"

namespace bertqa::cli {
namespace {

struct InspectOptions {
  RunOptions run;
  AnswerOptions answer;
  OffsetUnit offsets = OffsetUnit::kCodePoint;
  std::string question;
  TextOptions text;
  std::string svg;
  bool json = false;
};

std::size_t TerminalWidth() {
  constexpr std::size_t kUsualWidth = 80;
  winsize size = {};
  const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : kUsualWidth;
}

int RunInspect(const InspectOptions& options) {
  options.answer.Validate();
  CheckQuestion(options.question);
  if (!options.svg.empty()) {
    RequireWritable(options.svg);
  }
  const Documents documents = ReadDocuments(options.text);
  const LoadedPipeline loaded = LoadPipeline(options.run, options.answer);
  const QaRequest request = {options.question, documents.texts, {}};
  const VerboseReport report(options.run, loaded);
  PipelineStats stats;
  const Inspection inspection = loaded.pipeline.Inspect(request, &stats);
  report.Print(stats);
  if (!options.svg.empty()) {
    WriteFileAtomically(options.svg, FormatHeatMapSvg(request, inspection));
  }
  if (options.json) {
    WriteOut(FormatInspectionJson(request, inspection, options.offsets));
  } else {
    WriteOut(FormatInspectionTable(
        request, inspection, ResolveColor(options.run.color, STDOUT_FILENO), TerminalWidth()));
  }
  return kDone;
}

}  // namespace

void AddInspect(CLI::App& app, Action& action) {
  auto options = std::make_shared<InspectOptions>();  // shared with the callback below
  CLI::App* const inspect = app.add_subcommand(
      "inspect", "How the answer comes about: every token's start and end figures");
  inspect->add_option("-q,--question", options->question, "The question")
      ->required()
      ->type_name("TEXT");
  AddTextOptions(*inspect, options->text);
  inspect->add_flag("--json", options->json, "One JSON object");
  inspect->add_option("--svg", options->svg, "Write the start/end heat map as a picture")
      ->type_name("FILE");
  AddOffsetsOption(*inspect, options->offsets);
  AddAnswerOptions(*inspect, options->answer);
  AddRunOptions(*inspect, options->run);
  inspect->callback([options, &action] { action = [options] { return RunInspect(*options); }; });
}

}  // namespace bertqa::cli
