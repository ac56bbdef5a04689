#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "bertqa/error.h"
#include "command.h"
#include "io/record_writer.h"
#include "server_choice.h"
#include "text_input.h"

namespace bertqa::cli {
namespace {

struct AskOptions {
  RunOptions run;
  AnswerOptions answer;
  OffsetUnit offsets = OffsetUnit::kCodePoint;
  std::vector<std::string> questions;
  TextOptions text;
  ServerChoice server;
  bool json = false;
};

/// Writes what `ask` prints, for a script or for a person.
class AskPrinter {
 public:
  AskPrinter(const AskOptions& options, std::vector<std::string> names)
      : options_(options), is_terminal_(::isatty(STDOUT_FILENO) == 1) {
    record_.offsets = options.offsets;
    record_.with_question = true;
    record_.files = names;
    text_.files = std::move(names);
    text_.several = options.answer.top_k > 1;
    text_.color = ResolveColor(options.run.color, STDOUT_FILENO);
  }

  bool Print(StreamOutput output) {
    if (const auto* error = std::get_if<RecordError>(&output.outcome)) {
      const bool is_usage = error->code == RecordErrorCode::kEmptyQuestion;
      throw Error(is_usage ? ErrorCode::kUsage : ErrorCode::kInternal, error->message);
    }
    const auto& result = std::get<QaResult>(output.outcome);
    has_answer_ = has_answer_ || result.has_answer();
    if (!options_.run.quiet) {
      for (const std::string& warning : result.warnings) {
        Note("warning: " + warning);
      }
    }
    return WriteOut(Format(output, result));
  }

  bool has_answer() const { return has_answer_; }

 private:
  std::string Format(const StreamOutput& output, const QaResult& result) const {
    if (options_.json) {
      return FormatRecord(output, record_);
    }
    if (!is_terminal_) {
      return FormatPlainAnswer(output.request, result, text_);
    }
    const std::string answer = FormatTerminalAnswer(output.request, result, text_);
    return options_.questions.size() > 1 ? output.request.question + "\n" + answer + "\n" : answer;
  }

  const AskOptions& options_;
  bool is_terminal_;
  RecordFormat record_;
  AnswerTextFormat text_;
  bool has_answer_ = false;
};

int RunAsk(const AskOptions& options) {
  options.answer.Validate();
  for (const std::string& question : options.questions) {
    CheckQuestion(question);
  }
  const Documents documents = ReadDocuments(options.text);
  AskPrinter printer(options, documents.names);
  std::size_t next = 0;
  const RequestSource source = [&]() -> std::optional<StreamInput> {
    if (next == options.questions.size()) {
      return std::nullopt;
    }
    return StreamInput{{options.questions[next++], documents.texts, {}}, {}};
  };
  const ResultSink sink = [&](StreamOutput output) { return printer.Print(std::move(output)); };
  if (const auto server = ConnectServer(options.server, options.run, options.answer)) {
    server->Stream(source, sink);
  } else {
    const LoadedPipeline loaded = LoadPipeline(options.run, options.answer);
    const VerboseReport report(options.run, loaded);
    report.Print(loaded.pipeline.Stream(source, sink));
  }
  return printer.has_answer() ? kDone : kDoneBut;
}

}  // namespace

void AddAsk(CLI::App& app, Action& action) {
  auto options = std::make_shared<AskOptions>();  // shared with the callback below
  CLI::App* const ask = app.add_subcommand("ask", "Answer questions about a text or some files");
  ask->add_option("-q,--question", options->questions, "The question; may be given several times")
      ->required()
      ->allow_extra_args(false)  // what follows is a FILE; and "[who]" is a question, not a list
      ->type_name("TEXT");
  AddTextOptions(*ask, options->text);
  ask->add_flag("--json", options->json, "One JSON record a question");
  AddOffsetsOption(*ask, options->offsets);
  AddAnswerOptions(*ask, options->answer);
  AddRunOptions(*ask, options->run);
  AddServerOption(*ask, options->server);
  ask->callback([options, &action] { action = [options] { return RunAsk(*options); }; });
}

}  // namespace bertqa::cli
