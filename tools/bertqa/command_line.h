#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "command.h"

namespace bertqa::cli {

/// What the arguments of the program come to: an action, or an exit status and what to say.
struct ParsedLine {
  Action action;
  std::optional<int> status;  ///< nothing: the action decides
  std::string output;         ///< help or version, for stdout
  std::string message;        ///< what is wrong, for stderr
};

/// The options of all commands. Reading them looks at no file and runs nothing.
class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// `arguments` without the program's name. Throws nothing of its own.
  ParsedLine Parse(const std::vector<std::string>& arguments);

 private:
  CLI::App app_;
  Action action_;
};

}  // namespace bertqa::cli
