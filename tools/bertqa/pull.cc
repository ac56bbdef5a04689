#include "pull.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "base/stopwatch.h"
#include "bertqa/error.h"
#include "command.h"
#include "hub/module_transport.h"
#include "hub/pull.h"

namespace bertqa::cli {
namespace {

constexpr std::size_t kShownCommitDigits = 12;
constexpr double kToldSeconds = 5;  ///< shorter pauses are not worth a word

struct PullOptions {
  std::string name;
  bool quiet = false;
};

/// A line on a terminal: what is fetched, how much of all there is, how fast.
class PullLine {
 public:
  explicit PullLine(Chatter chatter)
      : enabled_(chatter == Chatter::kSome && ::isatty(STDERR_FILENO) == 1) {}
  ~PullLine() { Clear(); }
  PullLine(const PullLine&) = delete;
  PullLine& operator=(const PullLine&) = delete;

  void Show(const PullProgress& progress) {
    const double seconds = watch_.seconds();
    if (!is_started_) {  // what an earlier run left here says nothing about the speed
      is_started_ = true;
      first_bytes_ = progress.done_bytes;
    }
    if (!enabled_ || seconds - drawn_at_ < 0.1) {
      return;
    }
    drawn_at_ = seconds;
    const double rate = static_cast<double>(progress.done_bytes - first_bytes_) / seconds;
    std::string line = "\r" + progress.file + "  " + SizeText(progress.done_bytes) + " of " +
                       SizeText(progress.total_bytes) + ", " +
                       SizeText(static_cast<std::uint64_t>(rate)) + " a second";
    if (rate > 0 && progress.total_bytes > progress.done_bytes) {
      const double left = static_cast<double>(progress.total_bytes - progress.done_bytes) / rate;
      line += ", " + std::to_string(static_cast<long>(left)) + " s left";
    }
    std::fputs((line + "\x1B[K").c_str(), stderr);
    std::fflush(stderr);
    is_drawn_ = true;
  }

  void Clear() {
    if (is_drawn_) {
      std::fputs("\r\x1B[K", stderr);
      std::fflush(stderr);
      is_drawn_ = false;
    }
  }

 private:
  bool enabled_;
  bool is_started_ = false;
  bool is_drawn_ = false;
  double drawn_at_ = 0;
  std::uint64_t first_bytes_ = 0;
  Stopwatch watch_;
};

int RunPull(const PullOptions& options) {
  const auto name = ParseRepositoryName(options.name);
  if (!name) {
    throw Error(ErrorCode::kUsage,
                "\"" + options.name + "\": ORG/NAME or ORG/NAME@REVISION is expected");
  }
  const Chatter chatter = options.quiet ? Chatter::kNone : Chatter::kSome;
  WriteOut(PullModel(*name, ReadSettings(), chatter).string() + "\n");
  return kDone;
}

}  // namespace

HubSettings ReadSettings() {
  HubSettings settings = ReadHubSettings(Environment);
  settings.user_agent = "bertqa/" BERTQA_VERSION;
  return settings;
}

std::filesystem::path PullModel(const RepositoryName& name, const HubSettings& settings,
                                Chatter chatter) {
  PullLine line(chatter);
  const auto note = [&](const std::string& message) {
    if (chatter == Chatter::kSome) {
      line.Clear();
      Note(message);
    }
  };
  if (settings.offline) {
    throw Error(ErrorCode::kUnreadable,
                name.Text() + ": nothing is fetched, since HF_HUB_OFFLINE is set");
  }
  const auto transport = OpenTransport();
  const std::filesystem::path folder =
      Pull(name, settings,
           {.transport = *transport,
            .open_digest = OpenModuleDigest,
            .pause =
                [&](double seconds) {
                  if (seconds >= kToldSeconds) {
                    note(name.Text() + ": waiting " + std::to_string(static_cast<long>(seconds)) +
                         " seconds, as the server asks");
                  }
                  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
                },
            .note = note,
            .progress = [&](const PullProgress& progress) { line.Show(progress); }});
  note("pulled " + name.Text() + " at commit " +
       folder.filename().string().substr(0, kShownCommitDigits));
  return folder;
}

std::string SizeText(std::uint64_t bytes) {
  constexpr double kThousand = 1000;
  double size = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* larger : {"kB", "MB", "GB", "TB"}) {
    if (size < kThousand) {
      break;
    }
    size /= kThousand;
    unit = larger;
  }
  char text[32] = "";
  std::snprintf(text, sizeof(text), *unit == 'B' ? "%.0f %s" : "%.1f %s", size, unit);
  return text;
}

void AddPull(CLI::App& app, Action& action) {
  auto options = std::make_shared<PullOptions>();  // shared with the callback below
  CLI::App* const pull = app.add_subcommand("pull", "Fetch a model from the Hugging Face Hub");
  pull->add_option("ORG/NAME", options->name,
                   "The model; with @REVISION a branch, a tag or a commit of it")
      ->required()
      ->type_name("[@REVISION]");
  pull->add_flag("--quiet", options->quiet, "Errors only: no progress");
  pull->footer(
      "Writes the model's folder to standard output; -m ORG/NAME finds it, too.\n"
      "What is here already is not fetched again, what broke off goes on.\n\n"
      "Environment: HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE,\n"
      "HF_HUB_DOWNLOAD_TIMEOUT as for the Hub's Python client, whose cache this is;\n"
      "HTTPS_PROXY, NO_PROXY.");
  pull->callback([options, &action] { action = [options] { return RunPull(*options); }; });
}

}  // namespace bertqa::cli
