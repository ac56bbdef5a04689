#include "command_line.h"

#include <algorithm>
#include <memory>

#include "help_format.h"

namespace bertqa::cli {
namespace {

/// "bertqa", "bertqa ask", "bertqa models remove".
std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : FullName(*app.get_parent()) + " " + app.get_name();
}

/// The innermost subcommand that was named.
const CLI::App& Innermost(const CLI::App& app) {
  for (const CLI::App* subcommand : app.get_subcommands()) {
    return Innermost(*subcommand);
  }
  return app;
}

std::string HelpOf(const CLI::App& app) {
  const CLI::App& command = Innermost(app);
  return command.get_parent() == nullptr ? command.help()
                                         : command.help(FullName(*command.get_parent()));
}

/// The arguments, last one first, as CLI11 takes them. `--name=` is given as two: CLI11 would take
/// the next argument for its value, so that --context="$text" went wrong for an empty text.
std::vector<std::string> Reversed(const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed;
  bool is_option = true;
  for (const std::string& argument : arguments) {
    is_option = is_option && argument != "--";
    if (is_option && argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      reversed.push_back(argument.substr(0, argument.size() - 1));
      reversed.emplace_back();
    } else {
      reversed.push_back(argument);
    }
  }
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

}  // namespace

CommandLine::CommandLine()
    : app_("Extractive question answering: finds the span of a text that answers a question.",
           "bertqa") {
  app_.formatter(std::make_shared<HelpFormat>());
  app_.set_version_flag("--version", "bertqa " BERTQA_VERSION);
  app_.require_subcommand(1);
  app_.footer(
      "Exit status: 0 done; 1 done, but no answer, failed records or a missed bound;\n"
      "2 usage; 3 input or model unreadable or malformed; 4 internal failure;\n"
      "130, 143 interrupted (SIGINT, SIGTERM).");
  for (const auto& add : {AddAsk, AddBatch, AddMerge, AddEval, AddInspect, AddTrain, AddImport,
                          AddExport, AddPull, AddModels, AddServe, AddInfo}) {
    add(app_, action_);
  }
}

ParsedLine CommandLine::Parse(const std::vector<std::string>& arguments) {
  ParsedLine line;
  try {
    app_.parse(Reversed(arguments));
    line.action = action_;
  } catch (const CLI::CallForHelp&) {
    line.status = kDone;
    line.output = HelpOf(app_);
  } catch (const CLI::CallForVersion& version) {
    line.status = kDone;
    line.output = std::string(version.what()) + "\n";
  } catch (const CLI::ParseError& error) {
    line.status = kUsageError;
    line.message = std::string(error.what()) + " (see " + FullName(Innermost(app_)) + " --help)";
  }
  return line;
}

}  // namespace bertqa::cli
