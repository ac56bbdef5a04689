// The command line of all commands: read, and nothing run. An input is the arguments, a line end
// behind each but the last.

#include <string>
#include <vector>

#include "command_line.h"
#include "fuzz/fuzz_target.h"

namespace bertqa::fuzz {
namespace {

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> arguments;
  while (true) {
    const std::size_t end = text.find('\n');
    arguments.emplace_back(text.substr(0, end));
    if (end == text.npos) {
      return arguments;
    }
    text.remove_prefix(end + 1);
  }
}

/// Arguments of a program cannot hold NUL.
void Run(std::string_view text) {
  // Made once: it takes longer than reading a hundred lines.
  static cli::CommandLine command_line;
  const cli::ParsedLine line = command_line.Parse(Split(text.substr(0, text.find('\0'))));
  const bool is_action = !line.status && line.action;
  const bool is_help = line.status == cli::kDone && !line.output.empty() && line.message.empty();
  const bool is_refused =
      line.status == cli::kUsageError && line.output.empty() && !line.message.empty();
  Require(is_action || is_help || is_refused, "a line is run, or helped with, or refused");
}

}  // namespace
}  // namespace bertqa::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bertqa::fuzz::Run(bertqa::fuzz::Input(data, size).rest());
  return 0;
}
