#include <algorithm>
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "bertqa/error.h"
#include "command.h"
#include "help_format.h"

namespace bertqa::cli {
namespace {

constexpr int kUsageError = 2;
constexpr int kInputError = 3;
constexpr int kRuntimeError = 4;

int ExitStatus(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
      return kUsageError;
    case ErrorCode::kUnreadable:
    case ErrorCode::kMalformed:
    case ErrorCode::kUnsupported:
    case ErrorCode::kBadUtf8:
      return kInputError;
    case ErrorCode::kUnwritable:
    case ErrorCode::kInternal:
      break;
  }
  return kRuntimeError;
}

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
std::vector<std::string> ReversedArguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  bool is_option = true;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    is_option = is_option && argument != "--";
    if (is_option && argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      arguments.push_back(argument.substr(0, argument.size() - 1));
      arguments.emplace_back();
    } else {
      arguments.push_back(argument);
    }
  }
  std::reverse(arguments.begin(), arguments.end());
  return arguments;
}

int Parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(ReversedArguments(argc, argv));
  } catch (const CLI::CallForHelp&) {
    WriteOut(HelpOf(app));
    return kDone;
  } catch (const CLI::CallForVersion& version) {
    WriteOut(std::string(version.what()) + "\n");
    return kDone;
  } catch (const CLI::ParseError& error) {
    Note(std::string(error.what()) + " (see " + FullName(Innermost(app)) + " --help)");
    return kUsageError;
  }
  return -1;
}

int Main(int argc, char** argv) {
  CLI::App app("Extractive question answering: finds the span of a text that answers a question.",
               "bertqa");
  app.formatter(std::make_shared<HelpFormat>());
  app.set_version_flag("--version", "bertqa " BERTQA_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 done; 1 done, but no answer, failed records or a missed bound;\n"
      "2 usage; 3 input or model unreadable or malformed; 4 internal failure.");
  Action action;
  for (const auto& add : {AddAsk, AddBatch, AddMerge, AddEval, AddInspect, AddTrain, AddImport,
                          AddExport, AddPull, AddModels, AddInfo}) {
    add(app, action);
  }
  const int status = Parse(app, argc, argv);
  return status >= 0 ? status : action();
}

}  // namespace
}  // namespace bertqa::cli

int main(int argc, char** argv) {
  using bertqa::cli::Note;
  // A reader that went away is seen where the output is written, which then ends quietly.
  std::signal(SIGPIPE, SIG_IGN);
  // A file that may not grow is an error of the write, as a full disk is.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return bertqa::cli::Main(argc, argv);
  } catch (const bertqa::Error& error) {
    Note(error.what());
    return bertqa::cli::ExitStatus(error.code());
  } catch (const std::bad_alloc&) {
    Note("out of memory");
  } catch (const std::exception& error) {
    Note(std::string("internal error: ") + error.what());
  }
  return bertqa::cli::kRuntimeError;
}
