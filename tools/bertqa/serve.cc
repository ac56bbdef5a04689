#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "bertqa/error.h"
#include "command.h"
#include "serve/batcher.h"
#include "serve/server.h"
#include "serve/service.h"
#include "stop_signals.h"

namespace bertqa::cli {
namespace {

using std::chrono::milliseconds;

struct ServeOptions {
  std::vector<std::string> models;
  RunOptions run;  ///< its model is the one that is being loaded
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string unix_path;
  std::size_t max_wait_ms = 0;
  std::size_t max_queue = BatcherOptions().max_queue;
  std::size_t max_body_bytes = ServiceOptions().max_body_bytes;
  std::size_t timeout_ms = static_cast<std::size_t>(ServiceOptions().timeout.count());
  std::string api_key_file;
  std::vector<std::string> cors_origins;
  LogFormat log_format = LogFormat::kText;
};

/// A key a line.
std::vector<std::string> ReadKeys(const std::string& path) {
  std::vector<std::string> keys;
  const std::string text = ReadFileOrPipe(path);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string key = text.substr(begin, end - begin);
    if (key.ends_with('\r')) {
      key.pop_back();
    }
    if (key.find_first_of(" \t") != std::string::npos) {
      throw Error(ErrorCode::kMalformed, path + ": a key a line is expected, without spaces");
    }
    if (!key.empty()) {
      keys.push_back(std::move(key));
    }
    begin = end + 1;
  }
  if (keys.empty()) {
    throw Error(ErrorCode::kMalformed, path + ": no key in it, so nobody could ask");
  }
  return keys;
}

/// A thousand clients may be open at once, and many systems allow 1,024 files.
void AllowManyFiles() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

std::vector<Listener> Listen(const ServeOptions& options) {
  std::vector<Listener> listeners = TakeSystemdListeners();
  if (listeners.empty() && !options.unix_path.empty()) {
    listeners.push_back(ListenUnix(options.unix_path));
  }
  if (listeners.empty()) {
    listeners = ListenTcp(options.host, options.port);
  }
  return listeners;
}

/// Loads a model and asks it something, so that no client waits for what is done once only.
ServedModel Load(const ServeOptions& options, const std::string& name) {
  RunOptions run = options.run;
  run.model.name = name;
  const std::filesystem::path folder = ResolveModel(run.model);
  auto model = std::make_shared<const Model>(
      LoadModel(folder, {.precision = run.precision, .threads = ThreadsOf(run.threads)}));
  for (const std::string& warning : model->warnings) {
    Note("warning: " + warning);
  }
  QaPipeline(model, AnswerOptions().For(*model))
      .Ask({"Who is warm?", {"This sentence warms the model."}, {}});
  std::error_code ignored;
  const bool is_path = name.empty() || std::filesystem::exists(name, ignored);
  return {.name = is_path ? model->name : name,
          .family = ReadModelInfo(folder).family,
          .fingerprint = ModelFingerprint(folder),
          .version = BERTQA_VERSION,
          .precision = std::string(NameOf(model->qa->compute_info().precision)),
          .model = std::move(model)};
}

std::vector<ServedModel> LoadAll(const ServeOptions& options) {
  std::vector<ServedModel> models;
  for (const std::string& name :
       options.models.empty() ? std::vector<std::string>{""} : options.models) {
    models.push_back(Load(options, name));
    const auto same = [&](const ServedModel& other) { return other.name == models.back().name; };
    if (std::any_of(models.begin(), models.end() - 1, same)) {
      throw Error(ErrorCode::kUsage,
                  "--model: two are called " + models.back().name + ", and requests name one");
    }
  }
  return models;
}

AccessRules AccessOf(const ServeOptions& options, const std::vector<Listener>& listeners) {
  AccessRules rules{.origins = options.cors_origins};
  if (!options.api_key_file.empty()) {
    rules.keys = ReadKeys(options.api_key_file);
  }
  const auto is_http = [](const Listener& listener) { return listener.address[0] == 'h'; };
  const auto is_local = [](const Listener& listener) { return listener.is_loopback; };
  if (std::any_of(listeners.begin(), listeners.end(), is_http) &&
      std::all_of(listeners.begin(), listeners.end(), is_local)) {
    rules.hosts = LoopbackHosts();
  }
  return rules;
}

int RunServe(const ServeOptions& options) {
  StopSignals signals([] {}, std::chrono::seconds(40));
  AllowManyFiles();
  const ServeModule& module = LoadServeModule();
  std::vector<Listener> listeners = Listen(options);
  const auto metrics = module.make_metrics(BERTQA_VERSION);
  const double max_tokens = static_cast<double>(options.run.max_batch_tokens);
  ServiceOptions service_options{.access = AccessOf(options, listeners),
                                 .max_body_bytes = options.max_body_bytes,
                                 .timeout = milliseconds(options.timeout_ms),
                                 .log_format = options.log_format};
  if (!options.run.quiet) {
    service_options.log = [](const std::string& line) { std::fputs(line.c_str(), stderr); };
  }
  std::vector<ServedModel> models = LoadAll(options);
  Batcher batcher({.threads = ThreadsOf(options.run.threads),
                   .max_batch_tokens = options.run.max_batch_tokens,
                   .max_wait = milliseconds(options.max_wait_ms),
                   .max_queue = options.max_queue,
                   .on_batch = [&](const BatchReport& batch) {
                     metrics->ObserveBatch(batch.windows, batch.tokens,
                                           static_cast<double>(batch.tokens) / max_tokens);
                   }});
  Service service(std::move(service_options), ServedModels(std::move(models)), batcher, *metrics);
  const auto engine = module.make_engine();
  Server server(*engine, [&](Connection& connection) { return service.MakeHandler(connection); },
                {.on_connections = [&](std::size_t open) { metrics->SetConnections(open); }});
  const std::stop_callback stopping(signals.token(), [&] {
    service.SetStopping();
    NotifySystemd("STOPPING=1");
  });
  NotifySystemd("READY=1");
  for (const Listener& listener : listeners) {
    Note("serving on " + listener.address);
  }
  if (!server.Run(std::move(listeners), signals.stop_descriptor())) {
    Note("some requests were not answered in time");
    std::quick_exit(4);
  }
  return kDone;
}

}  // namespace

void AddServe(CLI::App& app, Action& action) {
  auto options = std::make_shared<ServeOptions>();  // shared with the callback below
  CLI::App* const serve = app.add_subcommand("serve", "Answer over HTTP, with a page to ask on");
  serve->add_option("--host", options->host, "Address to listen on; 0.0.0.0: all of the machine's")
      ->capture_default_str()
      ->type_name("HOST");
  auto* const port = serve->add_option("--port", options->port, "Port; 0: one that is free")
                         ->capture_default_str()
                         ->type_name("N");
  serve->add_option("--unix", options->unix_path, "Listen on a socket file instead")
      ->excludes(port)
      ->type_name("PATH");
  serve
      ->add_option("-m,--model", options->models,
                   "Model directory or name, as for ask; may be given several times, and the "
                   "first is the default")
      ->allow_extra_args(false)
      ->type_name("DIR|NAME");
  AddComputeOptions(*serve, options->run);
  serve
      ->add_option("--max-wait-ms", options->max_wait_ms,
                   "How long a question waits for others to share a forward pass with")
      ->check(CLI::Range(0, 60000))
      ->capture_default_str()
      ->type_name("N");
  serve
      ->add_option("--max-queue", options->max_queue,
                   "Questions that may wait; more are refused with 429")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str()
      ->type_name("N");
  serve
      ->add_option("--max-body-bytes", options->max_body_bytes,
                   "A longer request is refused with 413")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str()
      ->type_name("N");
  serve
      ->add_option("--timeout-ms", options->timeout_ms,
                   "A question without an answer by then gets 504, unless its request says another "
                   "limit")
      ->check(CLI::Range(1, 24 * 3600 * 1000))
      ->capture_default_str()
      ->type_name("N");
  serve
      ->add_option("--api-key-file", options->api_key_file,
                   "Keys, one a line, of which each request must show one")
      ->type_name("FILE");
  serve
      ->add_option("--cors-origin", options->cors_origins,
                   "A page's origin (https://example.org) that may use the server; may be given "
                   "several times; *: all")
      ->allow_extra_args(false)
      ->type_name("ORIGIN");
  AddChoice<LogFormat>(*serve, "--log-format", options->log_format,
                       {{"text", LogFormat::kText}, {"json", LogFormat::kJson}},
                       "A line a request on stderr");
  serve->add_flag("--quiet", options->run.quiet, "No line a request");
  serve->footer("SIGTERM and SIGINT end it: what was asked is answered first, then 0.");
  serve->callback([options, &action] { action = [options] { return RunServe(*options); }; });
}

}  // namespace bertqa::cli
