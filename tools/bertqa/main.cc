#include <algorithm>
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "bertqa/error.h"
#include "command_line.h"

namespace bertqa::cli {
namespace {

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

int Main(int argc, char** argv) {
  CommandLine command_line;
  const ParsedLine line = command_line.Parse({argv + 1, argv + std::max(argc, 1)});
  if (!line.message.empty()) {
    Note(line.message);
  }
  if (!line.output.empty()) {
    WriteOut(line.output);
  }
  return line.status ? *line.status : line.action();
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
