#include "server_choice.h"

#include <utility>

#include "bertqa/error.h"

namespace bertqa::cli {

void AddServerOption(CLI::App& app, ServerChoice& server) {
  server.app = &app;
  app.add_option("--server", server.address,
                 "Let this server (`bertqa serve`) answer: no model is loaded here; else "
                 "$BERTQA_SERVER, if that is set")
      ->type_name("URL|unix:PATH");
}

std::optional<RemotePipeline> ConnectServer(const ServerChoice& server, const RunOptions& run,
                                            const AnswerOptions& answer) {
  const bool is_given = !server.address.empty();
  const std::string address = is_given ? server.address : Environment("BERTQA_SERVER");
  if (address.empty()) {
    return std::nullopt;
  }
  for (const char* const name : {"--pull", "--threads", "--precision", "--max-batch-tokens"}) {
    if (server.app->get_option(name)->count() > 0) {
      throw Error(ErrorCode::kUsage, std::string(name) + " and " +
                                         (is_given ? "--server" : "$BERTQA_SERVER") +
                                         ": the server has decided that when it was started");
    }
  }
  RemoteOptions options;
  options.client.address = address;
  if (const std::string key = Environment("BERTQA_API_KEY"); !key.empty()) {
    options.client.headers.push_back({"Authorization", "Bearer " + key});
  }
  options.model = run.model.name;
  options.answer = answer;
  return RemotePipeline(std::move(options));
}

}  // namespace bertqa::cli
