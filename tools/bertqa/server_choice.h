#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "command.h"
#include "serve/remote_pipeline.h"

namespace bertqa::cli {

/// Which server is to answer, if any.
struct ServerChoice {
  std::string address;      ///< "": $BERTQA_SERVER, if that is set
  CLI::App* app = nullptr;  ///< the command, which knows what else was given
};

/// `--server`.
void AddServerOption(CLI::App& app, ServerChoice& server);

/// The server, if one was chosen; nothing is asked of it yet. It shows $BERTQA_API_KEY, if that is
/// set. Throws Error{kUsage} for an address that is none, or options that are the server's to
/// decide.
std::optional<RemotePipeline> ConnectServer(const ServerChoice& server, const RunOptions& run,
                                            const AnswerOptions& answer);

}  // namespace bertqa::cli
